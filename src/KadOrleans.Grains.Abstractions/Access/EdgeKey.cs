namespace KadOrleans.Grains.Abstractions.Access;

/// <summary>The secret that silos and edges share, by which silos tell an edge from any other client.</summary>
internal static class EdgeKey
{
    /// <summary>The setting that has it, of silos and of edges.</summary>
    public const string Setting = "Kad:Cluster:EdgeKey";

    /// <summary>The fewest characters of a key.</summary>
    public const int MinLength = 16;

    /// <summary>The most characters of a key: it is sent with each call.</summary>
    public const int MaxLength = 256;

    /// <summary>The entry of the request context that carries it.</summary>
    public const string ContextKey = "kad.edge";

    /// <summary>What is wrong with a key, in one sentence without the key, which is a secret; null if it can be used.</summary>
    public static string? FindProblem(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Length is >= MinLength and <= MaxLength
            ? null
            : $"{Setting} has {key.Length} characters; {MinLength} to {MaxLength} are allowed.";
    }
}
