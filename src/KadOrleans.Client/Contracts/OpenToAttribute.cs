namespace KadOrleans.Client;

// Who may call a grain, a grain service or an observer of this project. On an interface it covers all methods, on a method only
// that one. An interface without it is refused to all processes outside the silos.
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Method, Inherited = false)]
internal sealed class OpenToAttribute(Callers callers) : Attribute
{
    public Callers Callers { get; } = callers;

    /// <summary>
    /// Whether it changes something in an operator's name, and who asks for it notes that in the audit log. One that is called past
    /// <see cref="IDhtAdmin"/> is noted by the silo that carries it out.
    /// </summary>
    public bool IsManagement { get; init; }
}

/// <summary>Groups of processes. Each includes those before it.</summary>
internal enum Callers
{
    Silos,

    /// <summary>
    /// Silos, and whom a gateway lets in: by the cluster's gateway key, or all if it has none. A gateway does not compare the sender of a message
    /// with its connection, so an edge cannot be told from another client.
    /// </summary>
    Clients,
}
