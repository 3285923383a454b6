using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

/// <summary>
/// Publications that are values of a key store, with a mark (<see cref="StoredValue.PublishedAt"/>): those of a cluster. One record has
/// both, so one condition decides both. Unpublishing removes the mark, not the value.
/// </summary>
/// <param name="keys">The key store, for which no key is far.</param>
/// <param name="unpublish">Removes a key's mark, as the holder of the value decides it.</param>
/// <param name="timeToLive">The life of a publication.</param>
/// <param name="time">The clock.</param>
internal sealed class MarkedPublicationStore(
    IKeyStore keys, Func<NodeId, CancellationToken, ValueTask<bool>> unpublish, TimeSpan timeToLive, TimeProvider time) : IPublicationStore
{
    // Never from the edge's cache: what another edge has unpublished must not be published again.
    public async ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default) =>
        await keys.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken) is { } held ? PublicationOf(held) : null;

    public ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default) =>
        keys.PutAsync(key, ToStored(publication), PutKind.Publication, cancellationToken);

    // Silos of 1e5aaf4c decide without the condition: there a publication does not end, and its successor replaces whatever is held.
    public ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default)
    {
        var condition = GetCondition(before) with { EndsPublication = after is null };
        return after is null
            ? keys.PutAsync(
                key, ToStored(before) with { PublishedAt = null }, new PutTerms(PutKind.Copy) { Condition = condition }, cancellationToken)
            : keys.PutAsync(key, ToStored(after), new PutTerms(PutKind.Publication) { Condition = condition }, cancellationToken);
    }

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) => unpublish(key, cancellationToken);

    public PutCondition GetCondition(Publication publication) => new() { Value = publication.Value, PublishedAt = MarkOf(publication) };

    public async IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var (key, held) in keys.ScanAsync(KeyRegion.Everywhere, cancellationToken))
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
