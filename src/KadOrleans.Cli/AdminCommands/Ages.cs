namespace KadOrleans.Cli;

/// <summary>How long ago something was, for people. Programs get the time itself with <c>--json</c>.</summary>
internal static class Ages
{
    /// <summary>Such as '12 s ago', by this machine's clock; of a clock that is ahead '0 s ago'. Empty for no time.</summary>
    public static string Of(string time) => DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out var at)
        ? $"{SweepText.Time(Math.Max(0, (TimeProvider.System.GetUtcNow() - at).TotalSeconds))} ago"
        : time;

    /// <summary>Such as 'in 38 min (14:47:12 UTC)'. Empty for no time.</summary>
    public static string Until(string time) => DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out var at)
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"in {SweepText.Time(Math.Max(0, (at - TimeProvider.System.GetUtcNow()).TotalSeconds))} ({at.UtcDateTime:HH:mm:ss} UTC)")
        : string.Empty;
}
