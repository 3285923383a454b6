namespace KadOrleans.Storage.Sqlite;

internal static class TimeCodec
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static bool TryRead(long milliseconds, out DateTimeOffset time)
    {
        var valid = milliseconds >= Min && milliseconds <= Max;
        time = valid ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return valid;
    }
}
