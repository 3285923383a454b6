namespace KadOrleans.Wire;

/// <summary>The five calls of the protocol (Kademlia §2.3, and STUN).</summary>
public enum RequestKind
{
    /// <summary>Are you there? Answered with the callee's id.</summary>
    Ping,

    /// <summary>Which endpoint do you see me at? The only call that does not name its sender.</summary>
    Stun,

    /// <summary>Keep a value.</summary>
    Store,

    /// <summary>Who is nearest to an id?</summary>
    FindNode,

    /// <summary>The value of a key, or else who is nearest to it?</summary>
    FindValue,
}
