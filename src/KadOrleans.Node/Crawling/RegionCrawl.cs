using KadOrleans.Core;
using KadOrleans.Core.Crawling;

namespace KadOrleans.Node.Crawling;

/// <summary>Begins a crawl of a range of ids from what a running node knows.</summary>
internal static class RegionCrawl
{
    /// <summary>Lookups into a range that is not the whole space. One alone may meet liars or a gap.</summary>
    private const int Lookups = 3;

    /// <summary>The datagrams of a contact that a lookup asks, in the worst case: its request and one retry.</summary>
    private const int DatagramsPerContact = 2;

    /// <summary>Contacts that are asked at which address they see this node.</summary>
    private const int Witnesses = 5;

    /// <summary>
    /// Finds nodes to begin with, and prepares the crawl. A part of the id space begins with lookups of ids in it. Their datagrams count
    /// into the rate: this completes when they are paid for. Nodes do not name the one that asks them, so it adds itself.
    /// </summary>
    /// <param name="node">It has started.</param>
    /// <param name="options">The bounds and the region.</param>
    /// <param name="perSecond">Datagrams per second, 1 to 10,000.</param>
    /// <param name="environment">Time and randomness.</param>
    /// <param name="cancellationToken">Cancels the lookups.</param>
    public static async Task<CrawlRun> PrepareAsync(
        DhtNode node, CrawlOptions options, int perSecond, NodeEnvironment environment, CancellationToken cancellationToken)
    {
        var crawl = new Crawl(options with { IgnoredId = DhtNode.ClientId }, environment.Random);
        var region = options.Region;
        foreach (var contact in node.RoutingTable.Contacts.Where(contact => region.Contains(contact.Id)))
        {
            crawl.Add(contact);
        }

        if (region.Contains(node.Id) && await FindOwnEndpointAsync(node, cancellationToken) is { } own)
        {
            crawl.Restore(new CrawlRecord
            {
                Endpoint = own,
                State = CrawlState.Visited,
                Id = node.Id,
                Contacts = node.RoutingTable.Count,
                IsComplete = true,
                Form = AddressForm.Text,
            });
            await PayAsync(Witnesses);
        }

        for (var i = 0; i < Lookups && region.Depth > 0; i++)
        {
            var outcome = await node.FindNodeAsync(region.RandomId(environment.Random), cancellationToken);
            foreach (var contact in outcome.Closest)
            {
                crawl.Add(contact);
            }

            await PayAsync(outcome.Asked);
        }

        return node.PrepareCrawl(crawl, perSecond);

        Task PayAsync(int asked) =>
            Task.Delay(TimeSpan.FromSeconds((double)DatagramsPerContact * asked / perSecond), environment.Time, cancellationToken);
    }

    /// <summary>Where most of the nearest contacts see this node; null if none says.</summary>
    private static async Task<UdpEndpoint?> FindOwnEndpointAsync(DhtNode node, CancellationToken cancellationToken) =>
        (await node.GetVisibleAddressesAsync(Witnesses, cancellationToken))
            .Where(address => address.Seen is not null)
            .GroupBy(address => address.Seen)
            .OrderByDescending(group => group.Count())
            .FirstOrDefault()?.Key;
}
