namespace KadOrleans.Client;

// Who may call a grain, a grain service or an observer of this project. On an interface it covers all methods, on a method only
// that one. An interface without it is refused to all processes outside the silos.
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Method, Inherited = false)]
internal sealed class OpenToAttribute(Callers callers) : Attribute
{
    public Callers Callers { get; } = callers;
}

/// <summary>Groups of processes. Each includes those before it.</summary>
internal enum Callers
{
    Silos,

    /// <summary>Silos, and edges that prove themselves by the <see cref="EdgeKey"/>.</summary>
    Edges,

    Clients,
}

/// <summary>A process outside the silos made a call that it may not make. A retry fails again.</summary>
[GenerateSerializer]
[Alias("kad.CallRefusedException")]
internal sealed class CallRefusedException(string message) : Exception(message);

/// <summary>The secret that silos and edges share. It identifies edges to silos.</summary>
internal static class EdgeKey
{
    public const string Setting = "Kad:Cluster:EdgeKey";

    public const string ContextKey = "kad.edge";

    private const int MinLength = 16;

    // Bounded, as it is sent with each call.
    private const int MaxLength = 256;

    /// <summary>Returns what is wrong with a key, in one sentence without the secret. Null if the key is valid.</summary>
    public static string? FindProblem(string key) => key.Length is >= MinLength and <= MaxLength
        ? null
        : $"{Setting} has {key.Length} characters; {MinLength} to {MaxLength} are allowed.";
}
