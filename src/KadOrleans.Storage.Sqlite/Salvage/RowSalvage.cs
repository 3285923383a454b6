using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// Copies the rows of a database whose structure is damaged. Each table is read from its beginning up to an unreadable page, and
// then from its end. The segments between are read by number.
internal static class RowSalvage
{
    /// <summary>Numbers that are asked for at most: a damaged number may be any.</summary>
    private const long MostAsked = 4_000_000;

    /// <summary>Returns what is missing, as a part of a sentence, or nothing.</summary>
    public static string Copy(SqliteConnection damaged, SqliteConnection fresh)
    {
        try
        {
            damaged.PrepareCommand("SELECT number, records FROM segment").Dispose();
        }
        catch (SqliteException fault) when (IsDamage(fault))
        {
            throw new DamagedDatabaseException("its table of values cannot be found", fault);
        }

        var unread = CopySegments(damaged, fresh);
        CopyTable(damaged, fresh, "node", "rowid", "id");
        CopyTable(damaged, fresh, "contact", "position", "position, id, address, port, first_seen, last_seen, is_former");
        CopyTable(damaged, fresh, "publication", "key", "key, published_at, value, is_pending, version, call_id");
        CopyTable(damaged, fresh, "version", "place", "place, last");

        // A file without times of values that came again has no such table.
        fresh.Execute(MovedTimeTable.Layout);
        CopyTable(damaged, fresh, MovedTimeTable.Name, "rowid", "at, entries");
        return unread == 0 ? string.Empty : $", {unread} segments of which are unreadable";
    }

    private static int CopySegments(SqliteConnection damaged, SqliteConnection fresh)
    {
        var numbers = new SortedSet<long>();
        bool ReadNumbers(string order) =>
            TryRead(damaged, $"SELECT number FROM segment ORDER BY number {order}", row => numbers.Add(row.GetInt64(0)));

        var isWhole = ReadNumbers("ASC");
        var rising = numbers.Count == 0 ? 0 : numbers.Max;
        if (!isWhole)
        {
            ReadNumbers("DESC");
            var falling = numbers.Where(number => number > rising).DefaultIfEmpty(rising + 1).Min();
            for (var number = rising + 1; number < falling && number - rising <= MostAsked; number++)
            {
                numbers.Add(number);
            }
        }

        // A guessed number without a segment does not count as missing.
        return numbers.Count(number => !TryRead(
            damaged,
            FormattableString.Invariant($"SELECT number, CAST(records AS BLOB) FROM segment WHERE number = {number}"),
            row => Insert(fresh, "segment", "number, records", row)));
    }

    private static void CopyTable(SqliteConnection damaged, SqliteConnection fresh, string table, string order, string columns)
    {
        bool Copy(string direction) => TryRead(
            damaged, $"SELECT {columns} FROM {table} ORDER BY {order} {direction}", row => Insert(fresh, table, columns, row));

        if (!Copy("ASC"))
        {
            Copy("DESC");
        }
    }

    // Leaves out a row that a damaged page duplicated or made invalid.
    private static void Insert(SqliteConnection fresh, string table, string columns, SqliteDataReader row)
    {
        var places = Enumerable.Range(0, row.FieldCount);
        SqliteParameter[] values = [.. places.Select(i => new SqliteParameter($"$v{i}", row.GetValue(i)))];
        var names = string.Join(", ", values.Select(value => value.ParameterName));
        fresh.Execute($"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({names})", values);
    }

    // Reads rows up to an unreadable page. True if there is none. A full or failing disk is no damage: it ends the rebuild.
    private static bool TryRead(SqliteConnection damaged, string query, Action<SqliteDataReader> take)
    {
        try
        {
            using var select = damaged.PrepareCommand(query);
            using var rows = select.ExecuteReader();
            while (rows.Read())
            {
                take(rows);
            }

            return true;
        }
        catch (SqliteException fault) when (IsDamage(fault))
        {
            return false;
        }
    }

    private static bool IsDamage(SqliteException fault) => fault.SqliteErrorCode is not (
        raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_BUSY or raw.SQLITE_LOCKED);
}
