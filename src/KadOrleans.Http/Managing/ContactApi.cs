using KadOrleans.Core;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>Contacts of the routing tables at <c>/v1/admin/contacts</c>, and work that is begun now at <c>/v1/admin/run</c>.</summary>
internal static class ContactApi
{
    private const string Allowed = "refresh, walk or republish is allowed";

    /// <summary>Adds the endpoints to those who view and to those who manage.</summary>
    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet("/contacts/{id}", DescribeAsync)
            .WithSummary("Tells what each routing table knows of a contact.")
            .Produces<ContactsResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        manage.MapDelete("/contacts/{id}", DropAsync)
            .WithSummary("Drops a contact from all routing tables. It comes back when it is heard of again.")
            .Produces<DropResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
        manage.MapPost("/run", RunAsync)
            .WithSummary("Begins work now that is done at intervals otherwise, and does not wait for its end.")
            .WithDescription($"work: {Allowed}.")
            .Produces<RunResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static async Task<Ok<ContactsResult>> DescribeAsync(string id, HttpContext context, IDhtAdmin admin) => TypedResults.Ok(new ContactsResult(
    [
        .. (await admin.GetContactAsync(RequestedId.Parse(nameof(id), id), context.RequestAborted)).Select(contact => new KnownContactResult(
            contact.Table.ToString(),
            contact.Known.Contact.Id.ToString(),
            contact.Known.Contact.Endpoint.ToString(),
            contact.Known.IsReplacement,
            contact.Known.FirstSeen,
            contact.Known.LastSeen,
            contact.Known.Failures)),
    ]));

    private static async Task<IResult> DropAsync(string id, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var contact = RequestedId.Parse(nameof(id), id);
        var tables = await audit.RunAsync(
            context,
            "drop contact",
            contact.ToString(),
            () => admin.DropContactAsync(contact, CancellationToken.None),
            static tables => $"left {tables} tables");
        return tables > 0
            ? TypedResults.Ok(new DropResult(contact.ToString(), tables))
            : ApiProblem.Create(StatusCodes.Status404NotFound, $"The contact {contact} is in no table.");
    }

    private static async Task<Ok<RunResult>> RunAsync(string? work, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var chosen = work switch
        {
            "refresh" => DhtWork.Refresh,
            "walk" => DhtWork.Walk,
            "republish" => DhtWork.Republish,
            _ => throw ApiProblemException.Wrong($"work is '{VisibleText.Excerpt(work ?? string.Empty)}'; {Allowed}."),
        };
        var begun = await audit.RunAsync(
            context,
            "run",
            work!,
            () => admin.RunAsync(chosen, CancellationToken.None),
            static begun => $"begun by {begun}");
        return TypedResults.Ok(new RunResult(work!, begun));
    }

    /// <summary>What tables know of a contact.</summary>
    private sealed record ContactsResult(IReadOnlyList<KnownContactResult> Contacts);

    /// <summary>What a table knows of a contact.</summary>
    /// <param name="Table">The node id whose table it is.</param>
    /// <param name="Id">The contact's id.</param>
    /// <param name="Endpoint">Its address.</param>
    /// <param name="IsReplacement">Whether it waits for a place.</param>
    /// <param name="FirstSeen">When it entered the table.</param>
    /// <param name="LastSeen">When it last answered.</param>
    /// <param name="Failures">Requests left unanswered since then.</param>
    private sealed record KnownContactResult(
        string Table, string Id, string Endpoint, bool IsReplacement, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, int Failures);

    /// <summary>A contact that was dropped.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="Tables">How many tables had it.</param>
    private sealed record DropResult(string Id, int Tables);

    /// <summary>Work that was begun.</summary>
    /// <param name="Work">The work.</param>
    /// <param name="Begun">How many tables or shards took it; the others have enough to do.</param>
    private sealed record RunResult(string Work, int Begun);
}
