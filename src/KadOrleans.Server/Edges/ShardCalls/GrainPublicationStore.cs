using System.Runtime.CompilerServices;

namespace KadOrleans.Server;

/// <summary>The cluster's publications: values with a mark. Unpublishing removes the mark, not the value.</summary>
internal sealed class GrainPublicationStore(GrainKeyStore store, TimeSpan timeToLive, TimeProvider time) : IPublicationStore
{
    // Never from the edge's cache: what another edge has unpublished must not be published again.
    public async ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default) =>
        await store.ReadAsync(key, time.GetUtcNow(), cancellationToken) is { } held ? PublicationOf(held) : null;

    public ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default) =>
        store.PutAsync(key, ToStored(publication), PutKind.Publication, cancellationToken);

    public ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default)
    {
        var condition = new PutCondition { Value = before.Value, PublishedAt = MarkOf(before), EndsPublication = after is null };
        return after is null
            ? store.PutAsync(
                key, ToStored(before) with { PublishedAt = null }, new PutTerms(PutKind.Copy) { Condition = condition }, cancellationToken)
            : store.PutAsync(key, ToStored(after), new PutTerms(PutKind.Publication) { Condition = condition }, cancellationToken);
    }

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        store.UnpublishAsync(key, cancellationToken);

    public async IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var (key, held) in store.ScanAsync(KeyRegion.Everywhere, cancellationToken))
        {
            if (PublicationOf(held) is { } publication)
            {
                yield return KeyValuePair.Create(key, publication);
            }
        }
    }

    private StoredValue ToStored(Publication publication) =>
        new(publication.Value, time.GetUtcNow(), publication.PublishedAt + timeToLive, SourceNetwork.Trusted)
        {
            PublishedAt = MarkOf(publication),
            IsAuthored = true,
        };

    private static DateTimeOffset MarkOf(Publication publication) =>
        publication.IsPending ? StoredValue.PendingSince(publication.PublishedAt) : publication.PublishedAt;

    private static Publication? PublicationOf(StoredValue held) =>
        held.LastPublished is { } publishedAt ? new Publication(held.Value, publishedAt) { IsPending = held.IsPending } : null;
}
