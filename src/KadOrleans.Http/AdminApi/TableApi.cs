namespace KadOrleans.Http;

/// <summary>
/// Routing tables at <c>/v1/admin/table</c>, their contacts at <c>/v1/admin/contacts</c>, and work begun now, such as at
/// <c>/v1/admin/work:refresh</c>.
/// </summary>
internal static class TableApi
{
    /// <summary>How long the answer to what was begun waits for when the next value is due.</summary>
    private static readonly TimeSpan NextDueLimit = TimeSpan.FromSeconds(5);

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet("/table", GetTableAsync)
            .WithSummary("Describes a routing table by bucket with its contacts, and those that it dropped as they did not answer.")
            .WithDescription("id: the node id of the table; not needed if there is only one.");
        view.MapGet("/contacts/{id}", DescribeAsync).WithSummary("Tells what each routing table knows of a contact.");
        manage.MapDelete("/contacts/{id}", DropAsync)
            .WithSummary("Drops a contact from all routing tables. It comes back when it is heard of again.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        MapWork(DhtWork.Refresh, "Begins to refresh all buckets now, and does not wait for the end.");
        MapWork(DhtWork.Walk, "Begins lookups of random ids now, and does not wait for the end.");
        MapWork(DhtWork.Republish, "Begins to republish the values that are due now, and does not wait for the end.");

        void MapWork(DhtWork work, string summary) => manage.MapPost(
            $"/work:{JsonNamingPolicy.CamelCase.ConvertName($"{work}")}",
            (HttpContext context, IDhtAdmin admin, AuditLog audit, TimeProvider time) => RunAsync(work, context, admin, audit, time)).WithSummary(summary);
    }

    private static async Task<TableResult> GetTableAsync(string? id, IDhtAdmin admin, CancellationToken cancellationToken)
    {
        var table = await AdminApi.CheckedAsync(() => admin.GetTableAsync(Requested.OptionalId(nameof(id), id), cancellationToken));
        return new TableResult(
            table.Id,
            [.. table.Buckets.Select(bucket => new BucketResult(
                bucket.Summary.Prefix,
                bucket.Summary.Depth,
                bucket.Summary.Replacements,
                bucket.Summary.LastLookup,
                [.. bucket.Contacts.Select(contact => new ContactResult(contact.Id, contact.Endpoint))]))],
            [.. table.Former.Select(known => new FormerResult(known.Contact.Id, known.Contact.Endpoint, known.FirstSeen, known.LastSeen))]);
    }

    private static async Task<ContactsResult> DescribeAsync(string id, IDhtAdmin admin, CancellationToken cancellationToken) => new(
        [.. (await admin.GetContactAsync(Requested.Id(nameof(id), id), cancellationToken)).Select(contact => new KnownContactResult(
            contact.Table,
            contact.Known.Contact.Id,
            contact.Known.Contact.Endpoint,
            contact.Known.IsReplacement,
            contact.Known.IsFormer,
            contact.Known.FirstSeen,
            contact.Known.LastSeen,
            contact.Known.Failures))]);

    private static async Task<DropResult> DropAsync(string id, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var contact = Requested.Id(nameof(id), id);
        var tables = await audit.RunAsync(
            context,
            "drop contact",
            contact.ToString(),
            () => admin.DropContactAsync(contact, CancellationToken.None),
            static tables => $"left {tables} tables");
        return tables > 0 ? new DropResult(contact, tables) : throw ApiProblemException.Missing($"The contact {contact} is in no table.");
    }

    private static async Task<RunResult> RunAsync(DhtWork work, HttpContext context, IDhtAdmin admin, AuditLog audit, TimeProvider time)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName($"{work}");
        var begun = await audit.RunAsync(
            context, "run", name, () => admin.RunAsync(work, CancellationToken.None), static tables => $"begun by {tables}");
        return new RunResult(work, begun, work == DhtWork.Republish ? await FindNextDueAsync(admin, time, context.RequestAborted) : null);
    }

    // What was begun is under way, whether or not all shards say what they have.
    private static async Task<DateTimeOffset?> FindNextDueAsync(IDhtAdmin admin, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await admin.FindNextDueAsync(cancellationToken).WaitAsync(NextDueLimit, time, cancellationToken);
        }
        catch (Exception e) when (e is DhtUnavailableException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>A table by bucket, and the contacts that it dropped as they did not answer.</summary>
    private sealed record TableResult(NodeId Id, IReadOnlyList<BucketResult> Buckets, IReadOnlyList<FormerResult> Former);

    /// <summary>A bucket: the lowest id that it covers, how many leading bits its ids share, and the contacts of its replacement cache.</summary>
    private sealed record BucketResult(
        NodeId Prefix, int Depth, int Replacements, DateTimeOffset LastLookup, IReadOnlyList<ContactResult> Contacts);

    private sealed record ContactResult(NodeId Id, UdpEndpoint Endpoint);

    /// <summary>A contact that was dropped: when it entered the table and last answered. It is asked again at times.</summary>
    private sealed record FormerResult(NodeId Id, UdpEndpoint Endpoint, DateTimeOffset FirstSeen, DateTimeOffset LastSeen);

    private sealed record ContactsResult(IReadOnlyList<KnownContactResult> Contacts);

    /// <summary>What a table knows of a contact: when it entered the table and last answered, and requests left unanswered since.</summary>
    private sealed record KnownContactResult(
        NodeId Table,
        NodeId Id,
        UdpEndpoint Endpoint,
        bool IsReplacement,
        bool IsFormer,
        DateTimeOffset FirstSeen,
        DateTimeOffset LastSeen,
        int Failures);

    /// <summary>A contact that was dropped, and how many tables had it.</summary>
    private sealed record DropResult(NodeId Id, int Tables);

    /// <summary>
    /// Work, and how many tables or shards took it; the others have too much work pending. NextDue: when the first value that is not due yet is due to be
    /// sent again, at the earliest; null if there is none, and for other work.
    /// </summary>
    private sealed record RunResult(DhtWork Work, int Begun, DateTimeOffset? NextDue);
}
