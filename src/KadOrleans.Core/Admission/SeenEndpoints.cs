namespace KadOrleans.Core.Admission;

// Where others see a node, as nobody else knows the address behind which a translator puts it. Each answer may be a lie: whoever makes a
// node take another's address for its own keeps it from asking there.
internal static class SeenEndpoints
{
    private const int LeastNetworks = 2;

    // What the witnesses of two networks at least, and of more than half of those that answered, agree on: each subnet has one voice, and
    // each family is decided by itself. Without the port, the address alone: some translators give each destination another port.
    public static IEnumerable<UdpEndpoint> AgreedOn(IEnumerable<(UdpEndpoint Witness, UdpEndpoint Seen)> answers, bool withPort) =>
        from family in answers.DistinctBy(answer => SourceNetwork.SubnetOf(answer.Witness)).GroupBy(answer => answer.Seen.IsIPv4)
        let most = family.GroupBy(answer => withPort ? answer.Seen : answer.Seen.WithPort(0)).MaxBy(votes => votes.Count())!
        where most.Count() >= LeastNetworks && 2 * most.Count() > family.Count()
        select most.Key;
}
