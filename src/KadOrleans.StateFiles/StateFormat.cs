using System.Globalization;

namespace KadOrleans.StateFiles;

/// <summary>
/// A node's state, or a cluster's values, as a JSON file: <c>{"format":"kad-state","version":1,"id":…,"contacts":[…],"values":[…]}</c>. A
/// contact has <c>id</c>, <c>ip</c> and <c>port</c>; a value has <c>key</c> (the digest), <c>type</c>, <c>value</c>,
/// <c>storedAt</c>, <c>expiresAt</c> and <c>source</c> (whom it is counted against, 32 hexadecimal digits);
/// one that a cluster's client published has <c>publishedAt</c> as well. Fields of contacts and values that a reader does not
/// know are ignored. Bytes are hexadecimal; NaN and the infinities are strings; times are UTC with milliseconds, as the database keeps them.
/// </summary>
internal static class StateFormat
{
    public const string Name = "kad-state";

    public const int Version = 1;

    private const string TimePattern = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static string Format(DateTimeOffset time) =>
        time.ToUniversalTime().ToString(TimePattern, CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text,
        TimePattern,
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out time);
}
