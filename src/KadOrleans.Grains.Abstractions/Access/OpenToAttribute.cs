namespace KadOrleans.Grains.Abstractions.Access;

/// <summary>
/// Who may call a grain, a grain service or an observer of this project. On an interface it is for all methods, on a method for that one.
/// An interface without it is refused to all processes outside the silos.
/// </summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Method, Inherited = false)]
internal sealed class OpenToAttribute(Callers callers) : Attribute
{
    public Callers Callers { get; } = callers;
}

/// <summary>Processes, from those that may call most to all.</summary>
internal enum Callers
{
    /// <summary>Silos alone.</summary>
    Silos,

    /// <summary>Silos, and edges that prove themselves by the <see cref="EdgeKey"/>.</summary>
    Edges,

    /// <summary>Every process that reaches a gateway.</summary>
    Clients,
}

/// <summary>A process outside the silos made a call that it may not make. A retry fails again.</summary>
[GenerateSerializer]
[Alias("kad.CallRefusedException")]
internal sealed class CallRefusedException(string message) : Exception(message);
