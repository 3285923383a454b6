namespace KadOrleans.Core.Admission;

/// <summary>
/// Decides which endpoints may be believed from whom. A stranger who names 127.0.0.1 or an address of our own network would have us send
/// datagrams to programs that it cannot reach itself.
/// </summary>
internal static class AddressScope
{
    /// <summary>
    /// Whether a contact at <paramref name="mentioned"/> may be taken from a node at <paramref name="heardFrom"/>: only one that can be
    /// reached from at least as far away. So a loopback address is believed only from loopback, and a link-local one from loopback and
    /// link-local ones. A private or special-purpose one is believed from all but public ones, and a public one from all. A host behind a
    /// translator or a tunnel may be anywhere, and counts as public.
    /// </summary>
    public static bool Allows(UdpEndpoint heardFrom, UdpEndpoint mentioned)
    {
        var reach = ReachOf(mentioned);
        return reach == Reach.Public || (reach >= ReachOf(heardFrom) && !heardFrom.IsTranslated);
    }

    private static Reach ReachOf(UdpEndpoint endpoint)
    {
        // Fast path, as responses check this for each contact: most IPv4 addresses are public by their first byte.
        if (endpoint.IsIPv4 && (byte)(endpoint.AddressLow >> 24) is not (10 or 100 or 127 or 169 or 172 or 192 or 198 or 203))
        {
            return Reach.Public;
        }

        if (endpoint.IsLoopback)
        {
            return Reach.Host;
        }

        if (endpoint.IsLinkLocal)
        {
            return Reach.Link;
        }

        return endpoint.IsPrivate || endpoint.IsSpecialPurpose ? Reach.Site : Reach.Public;
    }

    private enum Reach
    {
        Host,
        Link,
        Site,
        Public,
    }
}
