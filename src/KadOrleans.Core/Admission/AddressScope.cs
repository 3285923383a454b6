namespace KadOrleans.Core.Admission;

/// <summary>
/// Which endpoints may be believed from whom. A stranger who names 127.0.0.1 would have us send datagrams to programs
/// of our own host.
/// </summary>
public static class AddressScope
{
    /// <summary>
    /// Whether a contact at <paramref name="mentioned"/> may be taken from a node at <paramref name="heardFrom"/>: a
    /// loopback one only from loopback, a link-local one only from loopback or link-local, any other from anybody.
    /// </summary>
    public static bool Allows(UdpEndpoint heardFrom, UdpEndpoint mentioned)
    {
        if (mentioned.IsLoopback)
        {
            return heardFrom.IsLoopback;
        }

        return !mentioned.IsLinkLocal || heardFrom.IsLinkLocal || heardFrom.IsLoopback;
    }
}
