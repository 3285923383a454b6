using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Http.Access;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>The management API, below <c>/v1/admin</c>: <see cref="IDhtAdmin"/> for who has a token for it.</summary>
internal static class AdminApi
{
    /// <summary>What is before the key in a path.</summary>
    public const string Keys = DhtApi.Root + "/admin/keys/";

    /// <summary>How many entries a list has unless the request says so.</summary>
    public const int DefaultCount = 100;

    /// <summary>Adds the endpoints to the group of the API.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var admin = api.MapGroup("/admin").WithTags("Management").ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        LookupApi.Map(admin);
        var view = admin.MapGroup(string.Empty).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
        view.MapGet("/keys", ScanAsync)
            .WithSummary("Lists keys that are held here, in the order of their ids.")
            .WithDescription($"prefix: hexadecimal digits of the ids. after: next of the page before. count: 1 to {IDhtAdmin.MaxPage}, {DefaultCount} without it. A page may be empty although it has a next.")
            .Produces<KeyPageResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        view.MapGet("/keys/{key}", DescribeAsync)
            .WithSummary("Describes a key: what is held here, whether it is published here, and what the nearest nodes hold now.")
            .Produces<KeyDetailsResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        view.MapGet("/publications", ScanPublicationsAsync)
            .WithSummary("Lists the keys that are published from here, in the order of their ids.")
            .WithDescription($"after: next of the page before. count: 1 to {IDhtAdmin.MaxPage}, {DefaultCount} without it. A page may be empty although it has a next.")
            .Produces<PublicationPageResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        UsageApi.Map(view);
        view.MapGet("/table", GetTableAsync)
            .WithSummary("Describes a routing table by bucket with its contacts.")
            .WithDescription("id: the node id of the table; not needed if there is only one.")
            .Produces<TableResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        view.MapGet("/audit", ReadAuditAsync)
            .WithSummary($"Lists the last changes that were made over this API, newest first; the last {IDhtAdmin.MaxAudit} are kept.")
            .WithDescription($"count: 1 to {IDhtAdmin.MaxPage}, {DefaultCount} without it. before: next of the page before.")
            .Produces<AuditResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        var manage = admin.MapGroup(string.Empty).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Manage));
        BanApi.Map(view, manage);
        LimitApi.Map(view, manage);
        CrawlApi.Map(view, manage);
        EdgeApi.Map(view, manage);
        SiloApi.Map(view);
        ContactApi.Map(view, manage);
        ValueApi.Map(view, manage);
        TransferApi.Map(view, manage);
        manage.MapDelete("/keys/{key}", DeleteAsync)
            .WithSummary("Removes a key from here and stops publishing it. Copies of other nodes stay until they expire.")
            .Produces<DeletionResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ScanAsync(string? prefix, string? after, string? count, HttpContext context, IDhtAdmin admin)
    {
        var page = await CheckedAsync(() => admin.ScanAsync(
            prefix ?? string.Empty, RequestedId.Find(nameof(after), after), ParseCount(count, IDhtAdmin.MaxPage), context.RequestAborted));
        return TypedResults.Ok(new KeyPageResult(
            [.. page.Keys.Select(key => new HeldKeyResult(
                key.Key.ToString(), DhtValueText.TypeName(key.Kind), key.Length, key.StoredAt, key.ExpiresAt, key.Source.ToText()))],
            page.Next?.ToString()));
    }

    private static async Task<IResult> ScanPublicationsAsync(string? after, string? count, HttpContext context, IDhtAdmin admin)
    {
        var page = await admin.ScanPublicationsAsync(RequestedId.Find(nameof(after), after), ParseCount(count, IDhtAdmin.MaxPage), context.RequestAborted);
        return TypedResults.Ok(new PublicationPageResult(
            [.. page.Publications.Select(publication => new PublicationResult(
                publication.Key.ToString(), DhtValueText.TypeName(publication.Kind), publication.Length, publication.PublishedAt))],
            page.Next?.ToString()));
    }

    // The parameters key and as are for the document; RequestedKey reads both.
    private static async Task<IResult> DescribeAsync(string key, string? @as, HttpContext context, IDhtAdmin admin)
    {
        var requested = RequestedKey.Read(context, Keys);
        var details = await admin.DescribeKeyAsync(requested.Digest, context.RequestAborted);
        var held = details.Held;
        return TypedResults.Ok(new KeyDetailsResult(
            requested.Text,
            requested.Digest.ToString(),
            held is null ? null : new HeldValueResult(
                KeyResult.Of(requested, held.Value, lookup: null), held.StoredAt, held.ExpiresAt, held.Source.ToText()),
            details.PublishedAt,
            [.. details.Nearest.Select(holder => new HolderResult(
                holder.Contact.Id.ToString(), holder.Contact.Endpoint.ToString(), StateOf(holder, held?.Value)))],
            details.NetworkProblem is { } problem ? VisibleText.Show(problem) : null));
    }

    private static async Task<IResult> DeleteAsync(string key, string? @as, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var requested = RequestedKey.Read(context, Keys);

        // Not cancelled with the request: it would be done by half.
        var deletion = await audit.RunAsync(
            context,
            "delete",
            requested.Digest.ToString(),
            () => admin.DeleteAsync(requested.Digest, CancellationToken.None),
            result => $"{(result.WasHeld ? "was held" : "was not held")}, {(result.WasPublished ? "was published" : "was not published")}");
        return deletion is { WasHeld: false, WasPublished: false }
            ? ApiProblem.Create(
                StatusCodes.Status404NotFound,
                $"The key '{VisibleText.Excerpt(requested.ToString())}' is neither held nor published here.")
            : TypedResults.Ok(new DeletionResult(requested.Digest.ToString(), deletion.WasHeld, deletion.WasPublished));
    }

    private static async Task<IResult> GetTableAsync(string? id, HttpContext context, IDhtAdmin admin)
    {
        var table = await CheckedAsync(() => admin.GetTableAsync(RequestedId.Find(nameof(id), id), context.RequestAborted));
        return TypedResults.Ok(new TableResult(
            table.Id.ToString(),
            [.. table.Buckets.Select(bucket => new BucketResult(
                bucket.Summary.Prefix.ToString(),
                bucket.Summary.Depth,
                bucket.Summary.Replacements,
                bucket.Summary.LastLookup,
                [.. bucket.Contacts.Select(contact => new ContactResult(contact.Id.ToString(), contact.Endpoint.ToString()))]))]));
    }

    private static async Task<Ok<AuditResult>> ReadAuditAsync(string? count, string? before, HttpContext context, IDhtAdmin admin)
    {
        var most = ParseCount(count, IDhtAdmin.MaxPage);
        var entries = await admin.ReadAuditAsync(most, ParseNumber(nameof(before), before), context.RequestAborted);
        return TypedResults.Ok(new AuditResult(entries, entries.Count == most ? entries[^1].Number : null));
    }

    private static long? ParseNumber(string name, string? text) => text is null ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(text)}'; a whole number is needed.");

    private static string StateOf(KeyHolder holder, DhtValue? held) => holder switch
    {
        { Answered: false } => "noResponse",
        { Value: null } => "none",
        { Value: { } value } when held is null || value == held => "value",
        _ => "otherValue",
    };

    /// <summary>Which edges a change did not reach, for the audit log; empty if it reached all.</summary>
    public static string Without(IReadOnlyList<string> missing) => missing.Count == 0 ? string.Empty : $", not yet on {string.Join(", ", missing)}";

    /// <summary>Makes a call whose <see cref="ArgumentException"/> is the caller's mistake.</summary>
    public static async Task<T> CheckedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ArgumentException e)
        {
            throw ApiProblemException.Wrong(e.Message);
        }
    }

    /// <summary>Reads the length of a list.</summary>
    public static int ParseCount(string? text, int most) => text is null ? DefaultCount
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= most ? count
        : throw ApiProblemException.Wrong($"count is '{VisibleText.Excerpt(text)}'; 1 to {most} is allowed.");

    /// <summary>Some keys.</summary>
    /// <param name="Keys">The keys in ascending order.</param>
    /// <param name="Next">The after of the next page; null after the last one.</param>
    private sealed record KeyPageResult(IReadOnlyList<HeldKeyResult> Keys, string? Next);

    /// <summary>A held key without its value.</summary>
    /// <param name="Digest">Its id.</param>
    /// <param name="Type">string, int, float, bool or bytes.</param>
    /// <param name="Bytes">The length of the value.</param>
    /// <param name="StoredAt">When the last STORE of it arrived.</param>
    /// <param name="ExpiresAt">The end of its life.</param>
    /// <param name="Source">The network that stored it, or trusted.</param>
    private sealed record HeldKeyResult(
        string Digest, string Type, int Bytes, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, string Source);

    /// <summary>Some publications.</summary>
    /// <param name="Publications">The publications in the ascending order of their keys.</param>
    /// <param name="Next">The after of the next page; null after the last one.</param>
    private sealed record PublicationPageResult(IReadOnlyList<PublicationResult> Publications, string? Next);

    /// <summary>A publication without its value.</summary>
    /// <param name="Digest">The id of its key.</param>
    /// <param name="Type">string, int, float, bool or bytes.</param>
    /// <param name="Bytes">The length of the value.</param>
    /// <param name="PublishedAt">When it was published last.</param>
    private sealed record PublicationResult(string Digest, string Type, int Bytes, DateTimeOffset PublishedAt);

    /// <summary>A key in full.</summary>
    /// <param name="Key">The key's text; null if the request has its digest.</param>
    /// <param name="Digest">Its id.</param>
    /// <param name="Held">What is held here; null if nothing is.</param>
    /// <param name="PublishedAt">When it was published here last; null if it is not.</param>
    /// <param name="Nearest">The nearest nodes of the network.</param>
    /// <param name="NetworkProblem">Why they could not be asked; null if they were.</param>
    private sealed record KeyDetailsResult(
        string? Key,
        string Digest,
        HeldValueResult? Held,
        DateTimeOffset? PublishedAt,
        IReadOnlyList<HolderResult> Nearest,
        string? NetworkProblem);

    /// <summary>A held value.</summary>
    private sealed record HeldValueResult(KeyResult Value, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, string Source);

    /// <summary>A near node.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="Endpoint">Its address.</param>
    /// <param name="Holds">value, otherValue (than the one held here), none or noResponse.</param>
    private sealed record HolderResult(string Id, string Endpoint, string Holds);

    /// <summary>What was deleted.</summary>
    private sealed record DeletionResult(string Digest, bool WasHeld, bool WasPublished);

    /// <summary>A routing table.</summary>
    private sealed record TableResult(string Id, IReadOnlyList<BucketResult> Buckets);

    /// <summary>A bucket.</summary>
    /// <param name="Prefix">The lowest id that it covers.</param>
    /// <param name="Depth">How many leading bits its ids share.</param>
    /// <param name="Replacements">Contacts that wait for a place.</param>
    /// <param name="LastLookup">When a lookup last aimed into it.</param>
    /// <param name="Contacts">Its contacts.</param>
    private sealed record BucketResult(
        string Prefix, int Depth, int Replacements, DateTimeOffset LastLookup, IReadOnlyList<ContactResult> Contacts);

    /// <summary>A contact.</summary>
    private sealed record ContactResult(string Id, string Endpoint);

    /// <summary>The last changes.</summary>
    /// <param name="Entries">The entries, with growing numbers.</param>
    /// <param name="Next">The before of the next page; null after the last one.</param>
    private sealed record AuditResult(IReadOnlyList<AuditEntry> Entries, long? Next);
}
