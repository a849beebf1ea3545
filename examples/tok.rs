use chatdb::import::record::Limits;
use chatdb::import::tokenize::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let f = std::fs::File::open(&a[2]).unwrap();
    let d = Dialect {
        delimiter: b",".to_vec(),
        record_end: if a[1].contains("search") {
            Some(b"\n".to_vec())
        } else {
            None
        },
        quotes: true,
    };
    let t = std::time::Instant::now();
    let mut k = Tokenizer::new(f, d, Limits::default());
    let (mut n, mut m, mut r) = (0u64, 0u64, 0u64);
    if a[1].starts_with("raw") {
        while let Some(x) = k.next_raw().unwrap() {
            match x {
                RawToken::Record(x) => {
                    n += 1;
                    m += x.fields.len() as u64;
                }
                _ => r += 1,
            }
        }
    } else {
        while let Some(x) = k.next().unwrap() {
            match x {
                Token::Record(x) => {
                    n += 1;
                    m += x.fields.len() as u64;
                }
                Token::Reject(x) => {
                    if r < 3 {
                        println!("{} {} {}", x.line, x.reason.code(), x.detail)
                    };
                    r += 1
                }
            }
        }
    }
    println!("{n} {m} {r} {:?}", t.elapsed());
}
