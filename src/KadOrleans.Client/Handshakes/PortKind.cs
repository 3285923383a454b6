namespace KadOrleans.Client;

/// <summary>The ports that a silo opens for Orleans. A proof for one is none for the other.</summary>
internal enum PortKind : byte
{
    /// <summary>For edges and other clients, by the cluster's gateway key.</summary>
    Gateway = 1,

    /// <summary>For other silos, by the silos' key.</summary>
    Silo = 2,
}
