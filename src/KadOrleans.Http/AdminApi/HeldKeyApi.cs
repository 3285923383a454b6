namespace KadOrleans.Http;

/// <summary>What is held of keys and what is published, below <c>/v1/admin/keys</c> and <c>/v1/admin/publications</c>.</summary>
internal static class HeldKeyApi
{
    // Each is a scan of its own.
    private const int MaxFound = 100;

    private const string Paging = "after: next of the page before. count: 1 to 1000, 100 without it. A page may be empty although it has a next.";

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet("/keys", ScanAsync)
            .WithSummary("Lists keys that are held here, in the order of their ids, with their texts where they are known.")
            .WithDescription(
                "prefix: hexadecimal digits of the ids. text: a part of the keys' texts, without prefix and after; of texts that requests "
                + $"named here, and of the text itself. It finds at most count, 1 to {MaxFound}, and isCut says that there are more. {Paging}");
        view.MapGet("/keys/{key}", DescribeAsync)
            .WithSummary("Describes a key: what is held here, whether it is published here, and what the nearest nodes hold now.");
        view.MapGet("/publications", ScanPublicationsAsync)
            .WithSummary("Lists the keys that are published from here, in the order of their ids.")
            .WithDescription(Paging);
        manage.MapDelete("/keys/{key}", DeleteAsync)
            .WithSummary("Removes a key from here and stops publishing it. Copies of other nodes stay until they expire.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<KeyPageResult> ScanAsync(
        string? prefix, string? text, string? after, string? count, IDhtAdmin admin, KeyTexts texts, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(text))
        {
            return prefix is null && after is null
                ? await FindAsync(text, Requested.Count(count, MaxFound), admin, texts, cancellationToken)
                : throw ApiProblemException.Wrong("With text neither prefix nor after is allowed.");
        }

        var page = await AdminApi.CheckedAsync(() => admin.ScanAsync(
            prefix ?? string.Empty, Requested.OptionalId(nameof(after), after), Requested.Count(count), cancellationToken));
        return new KeyPageResult([.. page.Keys.Select(key => HeldKeyResult.Of(key, texts))], page.Next);
    }

    // The keys whose texts match are asked for one by one: they are few.
    private static async Task<KeyPageResult> FindAsync(string text, int count, IDhtAdmin admin, KeyTexts texts, CancellationToken cancellationToken)
    {
        if (text.Length > RequestedKey.MaxLength)
        {
            throw ApiProblemException.Wrong($"text has {text.Length} characters; 1 to {RequestedKey.MaxLength} are allowed.");
        }

        var keys = texts.Search(text);
        var found = new List<HeldKeyResult>();
        foreach (var key in keys.Take(count))
        {
            var page = await admin.ScanAsync(key.ToString(), null, 1, cancellationToken);
            if (key == keys[0] && page.Keys.Count > 0)
            {
                // A text that is no key's is not worth the place of one that is.
                texts.Add(key, text);
            }

            found.AddRange(page.Keys.Select(held => HeldKeyResult.Of(held, texts)));
        }

        return new KeyPageResult(found, null) { IsCut = keys.Count > count };
    }

    private static async Task<PublicationPageResult> ScanPublicationsAsync(
        string? after, string? count, IDhtAdmin admin, KeyTexts texts, CancellationToken cancellationToken)
    {
        var page = await admin.ScanPublicationsAsync(Requested.OptionalId(nameof(after), after), Requested.Count(count), cancellationToken);
        return new PublicationPageResult(
            [.. page.Publications.Select(publication => new PublicationResult(
                publication.Key,
                texts.TryFind(publication.Key, out var text) ? text : null,
                DhtValueText.TypeName(publication.Kind), publication.Length, publication.PublishedAt))],
            page.Next);
    }

    private static async Task<KeyDetailsResult> DescribeAsync(string key, string? @as, HttpContext context, IDhtAdmin admin, KeyTexts texts)
    {
        var requested = RequestedKey.Of(key, @as);
        KeyTexts.Record(context, requested);
        var details = await admin.DescribeKeyAsync(requested.Digest, context.RequestAborted);
        var held = details.Held;
        return new KeyDetailsResult(
            requested.Text ?? (texts.TryFind(requested.Digest, out var known) ? known : null),
            requested.Digest,
            held is null ? null : new HeldValueResult(
                KeyResult.Of(requested, held.Value, lookup: null, ValueVersion.Of(held.Version).ToString()),
                VersionClock.FindTime(held.Version),
                held.StoredAt,
                held.ExpiresAt,
                held.Source.ToText(),
                held.Source.IsProven,
                held.IsAuthored,
                held.KeptUntil),
            details.PublishedAt,
            [.. details.Nearest.Select(holder => new HolderResult(holder.Contact.Id, holder.Contact.Endpoint, StateOf(holder, held?.Value)))],
            details.NetworkProblem is { } problem ? VisibleText.Show(problem) : null);
    }

    private static async Task<DeletionResult> DeleteAsync(string key, string? @as, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var requested = RequestedKey.Of(key, @as);
        var (deletion, _) = await audit.RunAsync(
            context,
            "delete",
            requested.Digest.ToString(),
            async () =>
            {
                var keptUntil = await admin.FindKeptAsync(requested.Digest, CancellationToken.None);
                var done = await admin.DeleteAsync(requested.Digest, CancellationToken.None);
                return done.WasHeld || done.WasPublished ? (done, keptUntil)
                    : throw ApiProblemException.Missing($"The key '{requested}' is neither held nor published here.");
            },
            static one => Describe(one.done, one.keptUntil));
        return new DeletionResult(requested.Digest, deletion.WasHeld, deletion.WasPublished);

        static string Describe(KeyDeletion done, DateTimeOffset? keptUntil) => (done.WasHeld ? "was held" : "was not held")
            + (done.WasPublished ? ", was published" : ", was not published")
            + (done.WasHeld && keptUntil is { } until ? $", was kept until {KeepTime.Show(until)}" : string.Empty);
    }

    private static HolderState StateOf(KeyHolder holder, DhtValue? held) => holder switch
    {
        { Answered: false } => HolderState.NoResponse,
        { Value: null } => HolderState.None,
        { Value: { } value } when held is null || value == held => HolderState.Value,
        _ => HolderState.OtherValue,
    };

    /// <summary>What a near node holds of a key. Another value is one that differs from the value held here.</summary>
    private enum HolderState
    {
        Value,
        OtherValue,
        None,
        NoResponse,
    }

    /// <summary>Keys in ascending order. Next is the after of the next page; null after the last one. IsCut: a search by text found more.</summary>
    private sealed record KeyPageResult(IReadOnlyList<HeldKeyResult> Keys, NodeId? Next)
    {
        public bool IsCut { get; init; }
    }

    /// <summary>
    /// A held key without its value, of which it has the length. Its text is null if it is not known. SetAt: when the value was set; StoredAt: when it
    /// was sent here last. A source is proven if it showed a write token.
    /// </summary>
    private sealed record HeldKeyResult(
        NodeId Digest,
        string? Key,
        string Type,
        int Bytes,
        DateTimeOffset? SetAt,
        DateTimeOffset StoredAt,
        DateTimeOffset ExpiresAt,
        string Source,
        bool Proven)
    {
        public static HeldKeyResult Of(KeySummary key, KeyTexts texts) => new(
            key.Key,
            texts.TryFind(key.Key, out var text) ? text : null,
            DhtValueText.TypeName(key.Kind),
            key.Length,
            key.SetAt,
            key.StoredAt,
            key.ExpiresAt,
            key.Source.ToText(),
            key.Source.IsProven);
    }

    /// <summary>Publications in the ascending order of their keys. Next is the after of the next page; null after the last one.</summary>
    private sealed record PublicationPageResult(IReadOnlyList<PublicationResult> Publications, NodeId? Next);

    private sealed record PublicationResult(NodeId Digest, string? Key, string Type, int Bytes, DateTimeOffset PublishedAt);

    /// <summary>A <see cref="KeyDetails"/>. The key is null if the request has its digest and its text is not known.</summary>
    private sealed record KeyDetailsResult(
        string? Key,
        NodeId Digest,
        HeldValueResult? Held,
        DateTimeOffset? PublishedAt,
        IReadOnlyList<HolderResult> Nearest,
        string? NetworkProblem);

    /// <summary>
    /// SetAt: when the value was set; StoredAt: when it was sent here last. Authored: whoever wrote it was this node or cluster, or showed a write token. KeptUntil: until when an item is kept for its owner; null for
    /// others.
    /// </summary>
    private sealed record HeldValueResult(
        KeyResult Value,
        DateTimeOffset? SetAt,
        DateTimeOffset StoredAt,
        DateTimeOffset ExpiresAt,
        string Source,
        bool Proven,
        bool Authored,
        DateTimeOffset? KeptUntil);

    private sealed record HolderResult(NodeId Id, UdpEndpoint Endpoint, HolderState Holds);

    private sealed record DeletionResult(NodeId Digest, bool WasHeld, bool WasPublished);
}
