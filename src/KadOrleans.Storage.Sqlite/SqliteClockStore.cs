namespace KadOrleans.Storage.Sqlite;

/// <summary>What a node knows of its clock, in the data file: written with the values that the clock stamps.</summary>
internal sealed class SqliteClockStore(SqliteDatabase database) : IClockStore
{
    public ClockRecord? Load() => database.Clock;

    public void Use(Func<ClockRecord> read) => database.Writer.UseClock(read);
}

/// <summary>
/// The rows of <see cref="ClockRecord"/>: one for each stretch, the present one last, without an end. Times are ticks. A file gets the table with
/// its first rows. A file without it, or with other rows, is one whose node starts as after a boot of the machine.
/// </summary>
internal static class ClockRows
{
    private static readonly long LastTick = DateTimeOffset.MaxValue.UtcTicks;

    private const string Layout =
        "CREATE TABLE IF NOT EXISTS clock (position INTEGER NOT NULL PRIMARY KEY, boot TEXT, since INTEGER NOT NULL, until INTEGER, lead INTEGER NOT NULL)";

    public static void Write(SqliteConnection connection, ClockRecord record)
    {
        connection.Execute(Layout);
        connection.Execute("DELETE FROM clock");
        for (var i = 0; i < record.Past.Count; i++)
        {
            var (since, until, lead) = record.Past[i];
            Insert(connection, i, record.Boot, since, until.UtcTicks, lead);
        }

        Insert(connection, record.Past.Count, record.Boot, record.Since, until: null, record.Lead);
    }

    public static ClockRecord? Read(SqliteConnection connection)
    {
        if (connection.QueryInteger("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'clock'") == 0)
        {
            return null;
        }

        var past = new List<ClockStretch>();
        using var command = connection.PrepareCommand("SELECT boot, since, until, lead FROM clock ORDER BY position");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (ReadTime(rows, 1) is not { } since || rows.GetValue(3) is not long lead || lead < 0 || lead > LastTick)
            {
                return null;
            }

            if (ReadTime(rows, 2) is not { } until)
            {
                return new ClockRecord(rows.GetValue(0) as string, past, since, lead);
            }

            past.Add(new ClockStretch(since, until, lead));
        }

        return null;
    }

    private static DateTimeOffset? ReadTime(SqliteDataReader rows, int column) =>
        rows.GetValue(column) is long ticks && ticks >= 0 && ticks <= LastTick ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    private static void Insert(SqliteConnection connection, int position, string? boot, DateTimeOffset since, long? until, long lead) =>
        connection.Execute(
            "INSERT INTO clock (position, boot, since, until, lead) VALUES ($position, $boot, $since, $until, $lead)",
            new("$position", position),
            new("$boot", (object?)boot ?? DBNull.Value),
            new("$since", since.UtcTicks),
            new("$until", (object?)until ?? DBNull.Value),
            new("$lead", lead));
}
