pub struct Book {
    pub form: &'static super::forms::Form,
    pub has_header: bool,
    pub reader: Box<dyn super::record::Reader + Send>,
}
pub fn open(
    _file: std::fs::File,
    _form: Option<&'static super::forms::Form>,
    _limits: super::record::Limits,
) -> Result<Book, super::open::OpenError> {
    Err(super::open::OpenError::Empty)
}
