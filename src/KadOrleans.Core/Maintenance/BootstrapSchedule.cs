namespace KadOrleans.Core;

// When each configured bootstrap node is asked again though there are contacts: after a cut it may be the only way to the other
// part, as when nodes have new addresses. Not safe for several threads.
internal sealed class BootstrapSchedule(IEnumerable<string> nodes, DateTimeOffset now)
{
    /// <summary>Between two questions to a node that answers: a ping and its response cost a node 16 datagrams an hour at most.</summary>
    public static readonly TimeSpan PauseOfLive = TimeSpan.FromMinutes(15);

    /// <summary>Between the first questions to a node that does not answer; then it is as for former contacts.</summary>
    public static readonly TimeSpan PauseOfSilent = TimeSpan.FromMinutes(2);

    /// <summary>A node that is silent for longer is no longer taken for one beyond a cut of an hour.</summary>
    public static readonly TimeSpan LongestCut = TimeSpan.FromMinutes(75);

    // Each host once, however it is repeated; the pauses of many are longer, as one node is asked at a time.
    private readonly List<Entry> _entries = [.. nodes.Distinct().Select(node => new Entry(node, now))];

    /// <summary>The node that is most overdue, or null if none is due. It counts as asked.</summary>
    public string? Take(DateTimeOffset now)
    {
        if (_entries.MaxBy(entry => entry.Overdue(now)) is not { } entry || entry.Overdue(now) < 1)
        {
            return null;
        }

        entry.AskedAt = now;
        return entry.Node;
    }

    /// <summary>Of the endpoints of a node's name, so many that are asked now: all of them in turns, whatever their order.</summary>
    public IReadOnlyList<UdpEndpoint> Choose(string node, IEnumerable<UdpEndpoint> endpoints, int count)
    {
        var all = endpoints.OrderBy(endpoint => endpoint.ToString(), StringComparer.Ordinal).ToList();
        if (all.Count <= count || _entries.Find(entry => entry.Node == node) is not { } entry)
        {
            return [.. all.Take(count)];
        }

        // After the last one that was asked, as others come and go.
        var at = Math.Max(0, all.FindIndex(endpoint => string.CompareOrdinal(endpoint.ToString(), entry.LastChosen) > 0));
        List<UdpEndpoint> chosen = [.. all.Skip(at).Concat(all).Take(count)];
        entry.LastChosen = chosen[^1].ToString();
        return chosen;
    }

    public void Record(string node, bool hasAnswered, DateTimeOffset now)
    {
        if (_entries.Find(entry => entry.Node == node) is { } entry)
        {
            entry.IsSilent = !hasAnswered;
            entry.AnsweredAt = hasAnswered ? now : entry.AnsweredAt;
        }
    }

    private sealed class Entry(string node, DateTimeOffset now)
    {
        public string Node => node;

        public DateTimeOffset AskedAt { get; set; } = now;

        public DateTimeOffset AnsweredAt { get; set; } = now;

        public bool IsSilent { get; set; }

        public string LastChosen { get; set; } = string.Empty;

        public double Overdue(DateTimeOffset time)
        {
            var silence = time.Since(AnsweredAt);
            var shortest = silence < LongestCut ? PauseOfSilent : FormerContacts.QuietPause;
            return time.Since(AskedAt) / (IsSilent ? FormerContacts.PauseAfter(silence, shortest) : PauseOfLive);
        }
    }
}
