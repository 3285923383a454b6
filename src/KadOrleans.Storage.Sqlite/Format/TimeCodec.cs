namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>A time in the file: milliseconds since 1970 UTC.</summary>
internal static class TimeCodec
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>False if there is no such time.</summary>
    public static bool TryRead(long milliseconds, out DateTimeOffset time)
    {
        var valid = milliseconds >= Min && milliseconds <= Max;
        time = valid ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return valid;
    }
}
