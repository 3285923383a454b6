namespace KadOrleans;

/// <summary>
/// The text that may be a key, the same for programs, commands and HTTP: Unicode of 1 to 1,024 characters (UTF-16). An empty one is a
/// variable that was not set. What other programs stored under other keys is reached by their ids.
/// </summary>
internal static class TextKey
{
    /// <summary>The most characters: a request line of HTTP has at most 8 KiB.</summary>
    public const int MaxLength = 1_024;

    /// <summary>What is wrong with a key, in one sentence; null if nothing is.</summary>
    public static string? FindProblem(string key) =>
        key.Length is 0 or > MaxLength ? $"The key has {key.Length} characters; 1 to {MaxLength} are allowed."
        : StrictUtf8.FindProblem(key, "key");

    /// <exception cref="ArgumentException">No key may be this text.</exception>
    public static NodeId IdOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return FindProblem(key) is { } problem ? throw new ArgumentException(problem, nameof(key)) : NodeId.FromKey(key);
    }
}
