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
