-- Three small tables with the types of SQL Server.
CREATE TABLE staff (id INT NOT NULL PRIMARY KEY, name NVARCHAR(20), team VARCHAR(10), boss INT,
                    hired DATETIME, born DATE, pay DECIMAL(9,2), rate FLOAT, active BIT, badge NUMERIC(18,0),
                    grade SMALLINT, code CHAR(3));
INSERT INTO staff VALUES
    (1, 'Anna', 'Red', NULL, '2011-07-12 14:49:55.000', '1980-02-29', 1000.50, 0.5, 1, 1003, 7, 'A1 '),
    (2, 'bert', 'red', 1, '2011-07-12 23:59:59.997', '1975-12-31', 999.99, 1.5, 0, 1004, 5, 'B2 '),
    (3, 'Cleo', 'Blue', 1, '2011-07-13 00:00:00.000', NULL, NULL, NULL, 1, NULL, 5, NULL),
    (4, 'Dörte', NULL, 2, NULL, '2000-01-01', -0.01, -2.0, NULL, 1006, NULL, 'd4 ');
CREATE TABLE chat (chat_id NUMERIC(18,0) NOT NULL PRIMARY KEY, staff_id INT, state SMALLINT NOT NULL,
                   opened DATETIME NOT NULL, subject NVARCHAR(50));
INSERT INTO chat VALUES
    (10, 1, 5000, '2011-07-12 08:00:00.000', 'Printer on fire'),
    (11, 1, 9000, '2011-07-12 09:00:00.000', 'printer ON fire  '),
    (12, 2, 5000, '2011-07-12 10:00:00.000', '50% off'),
    (13, NULL, 4000, '2011-07-13 00:00:00.000', 'CIM_WIM'),
    (14, 2, 9000, '2011-07-14 12:30:00.000', NULL);
CREATE TABLE tag (chat_id NUMERIC(18,0), word VARCHAR(10));
INSERT INTO tag VALUES (10, 'hot'), (10, 'it'), (11, 'IT'), (14, 'sale'), (99, 'lost');
