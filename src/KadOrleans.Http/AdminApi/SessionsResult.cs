namespace KadOrleans.Http;

/// <summary>How long nodes stay.</summary>
/// <param name="Count">Sessions that began in the first half of the kept crawls.</param>
/// <param name="LimitSeconds">Half of that time: lengths above it are not told apart.</param>
/// <param name="MedianSeconds">The median length; null if it is above the limit.</param>
/// <param name="Ended">Those that ended within the limit, by ascending length.</param>
/// <param name="Longer">Those above it.</param>
internal sealed record SessionsResult(
    int Count, double LimitSeconds, double? MedianSeconds, IReadOnlyList<SessionLengthResult> Ended, int Longer)
{
    public static SessionsResult Of(SessionLengths sessions) => new(
        sessions.Sessions,
        sessions.Limit.TotalSeconds,
        sessions.Median?.TotalSeconds,
        [.. sessions.Ended.Select(length => new SessionLengthResult(length.Length.TotalSeconds, length.Count))],
        sessions.Longer);
}

/// <summary>Sessions of one length.</summary>
internal sealed record SessionLengthResult(double Seconds, int Count);
