namespace KadOrleans.Client;

/// <summary>The secret that silos and edges share. It identifies edges to silos.</summary>
internal static class EdgeKey
{
    public const string Setting = "Kad:Cluster:EdgeKey";

    public const string SecondSetting = "Kad:Cluster:SecondEdgeKey";

    /// <summary>Under what builds of before proofs sent the key itself. Later ones do so while such silos run.</summary>
    public const string ContextKey = "kad.edge";

    private const int MinLength = 16;

    // Bounded, as it is sent with each call.
    private const int MaxLength = 256;

    /// <summary>Returns what is wrong with a key, in one sentence without the secret. Null if the key is valid.</summary>
    public static string? FindProblem(string key, string setting = Setting) => key.Length is >= MinLength and <= MaxLength
        ? null
        : $"{setting} has {key.Length} characters; {MinLength} to {MaxLength} are allowed.";
}
