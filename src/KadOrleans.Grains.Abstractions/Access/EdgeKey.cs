namespace KadOrleans.Grains.Abstractions.Access;

/// <summary>The secret that silos and edges share. It identifies edges to silos.</summary>
internal static class EdgeKey
{
    /// <summary>The setting of the key, for silos and edges.</summary>
    public const string Setting = "Kad:Cluster:EdgeKey";

    /// <summary>The fewest characters of a key.</summary>
    public const int MinLength = 16;

    /// <summary>The most characters of a key. It is bounded because it is sent with each call.</summary>
    public const int MaxLength = 256;

    /// <summary>The entry of the request context with the key.</summary>
    public const string ContextKey = "kad.edge";

    /// <summary>Returns what is wrong with a key, in one sentence without the secret. Null if the key is valid.</summary>
    public static string? FindProblem(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Length is >= MinLength and <= MaxLength
            ? null
            : $"{Setting} has {key.Length} characters; {MinLength} to {MaxLength} are allowed.";
    }
}
