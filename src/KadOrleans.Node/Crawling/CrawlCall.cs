using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Node.Requests;
using KadOrleans.Wire;

namespace KadOrleans.Node.Crawling;

/// <summary>A PING or FIND_NODE of a crawl. It carries no expectation, so the routing table learns nothing of it.</summary>
internal sealed class CrawlCall(CrawlQuestion question, NodeId sender, CrawlRun run) : OutgoingRequest(question.Endpoint, null)
{
    /// <summary>Contacts read from one answer. The network's nodes send k = 20; a larger k elsewhere is respected so far.</summary>
    private const int MaxContacts = 64;

    public override RequestKind Kind => question.Target is null ? RequestKind.Ping : RequestKind.FindNode;

    public override bool IsIntroduction => question.Target is null;

    public override int Write(Span<byte> destination, MessageId id) => question.Target is { } target
        ? RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(sender, target))
        : RequestWriter.WritePing(destination, id, new PingRequest(sender));

    public override bool TryComplete(ReadOnlySpan<byte> body) =>
        question.Target is null ? TryCompletePing(body) : TryCompleteFind(body);

    public override void OnLate() => run.OnLate();

    public override void OnFailed(RequestFailure failure) => run.OnFailed(question, failure);

    private bool TryCompletePing(ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadPong(body, out var id))
        {
            run.OnPong(question, id, RoundTrip);
            return true;
        }

        if (ResponseReader.IsEmptyPong(body))
        {
            run.OnPong(question, null, RoundTrip);
            return true;
        }

        return false;
    }

    private bool TryCompleteFind(ReadOnlySpan<byte> body)
    {
        Span<Contact> contacts = stackalloc Contact[MaxContacts];
        if (!ResponseReader.TryReadNodes(body, contacts, out var count))
        {
            return false;
        }

        run.OnNodes(question, contacts[..count], RoundTrip);
        return true;
    }
}
