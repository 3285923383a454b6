namespace KadOrleans.Core.Lookups;

/// <summary>What a lookup is for (Kademlia §2.3).</summary>
public enum LookupKind
{
    /// <summary>Finds the k contacts nearest to the target, by FIND_NODE.</summary>
    Node,

    /// <summary>Finds the value stored under the target, by FIND_VALUE, or else the nearest contacts.</summary>
    Value,
}
