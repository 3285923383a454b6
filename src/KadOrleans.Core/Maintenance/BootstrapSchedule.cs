namespace KadOrleans.Core;

// When each configured bootstrap node is asked again though there are contacts: after a cut it may be the only way to the other
// part, as when nodes have new addresses. Not safe for several threads.
internal sealed class BootstrapSchedule(IEnumerable<string> nodes, DateTimeOffset now)
{
    /// <summary>Between two questions to a node that answers: a ping and its response cost a node 16 datagrams an hour at most.</summary>
    public static readonly TimeSpan PauseOfLive = TimeSpan.FromMinutes(15);

    /// <summary>Between the first questions to a node that does not answer; then it is the share of its silence that former contacts have.</summary>
    public static readonly TimeSpan PauseOfSilent = TimeSpan.FromMinutes(2);

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

    public void Note(string node, bool hasAnswered, DateTimeOffset now)
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

        public double Overdue(DateTimeOffset time)
        {
            var pause = time.Since(AnsweredAt) * FormerContacts.PauseShare;
            return time.Since(AskedAt) / (!IsSilent ? PauseOfLive : pause > PauseOfSilent ? pause : PauseOfSilent);
        }
    }
}
