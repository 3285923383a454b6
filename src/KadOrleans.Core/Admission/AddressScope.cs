namespace KadOrleans.Core.Admission;

// Decides which endpoints may be believed from whom. A stranger who names 127.0.0.1 or an address of our own network would have
// us send datagrams to programs that it cannot reach itself.
internal static class AddressScope
{
    // Contacts are believed from nodes that are no nearer: loopback from loopback, link-local from these two, private and
    // special-purpose addresses from all but public ones. A host behind a translator or tunnel counts as public.
    public static bool Allows(UdpEndpoint heardFrom, UdpEndpoint mentioned)
    {
        var reach = ReachOf(mentioned);
        return reach == Reach.Public || (reach >= ReachOf(heardFrom) && !heardFrom.IsTranslated);
    }

    // Fast path first, as responses check this for each contact: most IPv4 addresses are public by their first byte.
    private static Reach ReachOf(UdpEndpoint endpoint) =>
        endpoint.IsIPv4 && (byte)(endpoint.AddressLow >> 24) is not (10 or 100 or 127 or 169 or 172 or 192 or 198 or 203)
        ? Reach.Public
        : endpoint.IsLoopback ? Reach.Host
        : endpoint.IsLinkLocal ? Reach.Link
        : endpoint.IsPrivate || endpoint.IsSpecialPurpose ? Reach.Site
        : Reach.Public;

    private enum Reach
    {
        Host,
        Link,
        Site,
        Public,
    }
}
