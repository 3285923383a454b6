namespace KadOrleans.Simulation.Attackers;

/// <summary>How many networks an attacker's endpoints are in. All addresses are public.</summary>
public enum AttackerSpread
{
    /// <summary>Ports of one IPv4 address.</summary>
    OneHost,

    /// <summary>Addresses of one /24.</summary>
    OneSubnet,

    /// <summary>A /24 for each.</summary>
    ManyNetworks,

    /// <summary>Addresses in the sixteen /64s of one IPv6 /60, which one subscriber gets.</summary>
    OneSubscriber,
}
