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
        FindSegments(damaged);
        var unread = CopySegments(damaged, fresh);
        CopyTable(damaged, fresh, "node", "rowid", "id");
        CopyTable(damaged, fresh, "contact", "position", "position, id, address, port");
        CopyTable(damaged, fresh, "publication", "key", "key, published_at, value, is_pending");
        return unread == 0 ? string.Empty : $", {unread} segments of which are unreadable";
    }

    private static void FindSegments(SqliteConnection damaged)
    {
        try
        {
            damaged.PrepareCommand("SELECT number, records FROM segment").Dispose();
        }
        catch (SqliteException fault) when (IsDamage(fault))
        {
            throw new DamagedDatabaseException("its table of values cannot be found", fault);
        }
    }

    private static int CopySegments(SqliteConnection damaged, SqliteConnection fresh)
    {
        var numbers = new SortedSet<long>();
        var isWhole = ReadNumbers(damaged, "ASC", numbers);
        var rising = numbers.Count == 0 ? 0 : numbers.Max;
        if (!isWhole)
        {
            ReadNumbers(damaged, "DESC", numbers);
            var falling = numbers.Where(number => number > rising).DefaultIfEmpty(rising + 1).Min();
            for (var number = rising + 1; number < falling && number - rising <= MostAsked; number++)
            {
                numbers.Add(number);
            }
        }

        return numbers.Count(number => !CopySegment(damaged, fresh, number));
    }

    // True if no page was unreadable.
    private static bool ReadNumbers(SqliteConnection damaged, string order, SortedSet<long> numbers)
    {
        try
        {
            using var command = damaged.PrepareCommand($"SELECT number FROM segment ORDER BY number {order}");
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                numbers.Add(reader.GetInt64(0));
            }

            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    // A guessed number without a segment does not count as missing.
    private static bool CopySegment(SqliteConnection damaged, SqliteConnection fresh, long number)
    {
        try
        {
            using var select = damaged.PrepareCommand(
                "SELECT CAST(records AS BLOB) FROM segment WHERE number = $number", new SqliteParameter("$number", number));
            using var reader = select.ExecuteReader();
            if (!reader.Read())
            {
                return true;
            }

            Insert(fresh, "segment", "number, records", [number, reader.GetValue(0)]);
            return true;
        }
        catch (SqliteException fault) when (IsDamage(fault))
        {
            return false;
        }
    }

    private static void CopyTable(SqliteConnection damaged, SqliteConnection fresh, string table, string order, string columns)
    {
        if (!CopyRows(damaged, fresh, table, columns, $"{order} ASC"))
        {
            CopyRows(damaged, fresh, table, columns, $"{order} DESC");
        }
    }

    private static bool CopyRows(SqliteConnection damaged, SqliteConnection fresh, string table, string columns, string order)
    {
        try
        {
            using var select = damaged.PrepareCommand($"SELECT {columns} FROM {table} ORDER BY {order}");
            using var reader = select.ExecuteReader();
            while (reader.Read())
            {
                Insert(fresh, table, columns, [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)]);
            }

            return true;
        }
        catch (SqliteException fault) when (IsDamage(fault))
        {
            return false;
        }
    }

    // Leaves out a row that a damaged page duplicated or made invalid.
    private static void Insert(SqliteConnection fresh, string table, string columns, object[] values)
    {
        var names = string.Join(", ", values.Select((_, i) => $"$v{i}"));
        fresh.Execute(
            $"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({names})",
            [.. values.Select((value, i) => new SqliteParameter($"$v{i}", value))]);
    }

    // A full or failing disk is no damage: it ends the rebuild.
    private static bool IsDamage(SqliteException fault) => fault.SqliteErrorCode
        is not (raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_BUSY or raw.SQLITE_LOCKED);
}
