using System.Text;

namespace KadOrleans.Core;

/// <summary>
/// What changed between two crawls. A node is an id that answers at an endpoint. A node with another address or id is another node.
/// </summary>
/// <param name="Before">The name of the crawl before.</param>
/// <param name="Came">Nodes that answered now and not before.</param>
/// <param name="Went">Nodes that answered before and not now.</param>
/// <param name="Stayed">Nodes that answered in both.</param>
/// <param name="Ended">The sessions of the nodes that went, by their first crawl.</param>
public sealed record CrawlChange(string Before, int Came, int Went, int Stayed, IReadOnlyList<EndedSessions> Ended)
{
    /// <summary>The records with <see cref="CrawlRecord.Since"/>, and what changed; null if there is no crawl before.</summary>
    internal static (IReadOnlyList<CrawlRecord> Records, CrawlChange? Change) Compare(
        IReadOnlyList<CrawlReport> before, IEnumerable<CrawlRecord> former, IReadOnlyList<CrawlRecord> now, DateTimeOffset startedAt)
    {
        if (before.Count == 0)
        {
            return (now, null);
        }

        var known = before.Select(crawl => crawl.StartedAt).ToHashSet();
        var gone = new Dictionary<Contact, DateTimeOffset?>();
        foreach (var record in former.Where(r => r.IsReachable))
        {
            gone[new Contact(record.Id!.Value, record.Endpoint)] = record.Since;
        }

        var (came, stayed) = (0, 0);
        var records = now.Select(record =>
        {
            if (!record.IsReachable)
            {
                return record;
            }

            if (gone.Remove(new Contact(record.Id!.Value, record.Endpoint), out var since))
            {
                stayed++;
                return record with { Since = since };
            }

            came++;
            return record with { Since = startedAt };
        }).ToList();
        var ended = gone.Values.GroupBy(since => since is { } time && known.Contains(time) ? since : null)
            .OrderBy(g => g.Key).Select(g => new EndedSessions(g.Key, g.Count()));
        return (records, new CrawlChange(before[^1].Id, came, gone.Count, stayed, [.. ended]));
    }

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
