using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>Bans of ids and address ranges, at <c>/v1/admin/bans</c>.</summary>
internal static class BanApi
{
    private const string Path = "/bans";

    /// <summary>Adds the endpoints to those who view and to those who manage.</summary>
    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, ListAsync)
            .WithSummary("Lists the banned ids and address ranges, and the edges that do not follow all of them yet.")
            .Produces<BansResult>();
        manage.MapPut(Path, (string? ban, HttpContext context, IDhtAdmin admin, AuditLog audit) => ChangeAsync(true, ban, context, admin, audit))
            .WithSummary("Bans an id or an address range: its contacts leave the tables, its requests get no response, and it is not asked.")
            .WithDescription($"ban: {Ban.Allowed}.")
            .Produces<BanResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        manage.MapDelete(Path, (string? ban, HttpContext context, IDhtAdmin admin, AuditLog audit) => ChangeAsync(false, ban, context, admin, audit))
            .WithSummary("Ends a ban. It must be the same as in the list.")
            .Produces<BanResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<BansResult>> ListAsync(HttpContext context, IDhtAdmin admin)
    {
        var list = await admin.GetBansAsync(context.RequestAborted);
        return TypedResults.Ok(new BansResult([.. list.Bans.Select(entry => new BanEntryResult(entry.Ban.ToString(), entry.Since))], list.Missing));
    }

    private static async Task<IResult> ChangeAsync(bool isBanned, string? text, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        if (!Ban.TryParse(text, out var ban))
        {
            throw ApiProblemException.Wrong($"ban is '{VisibleText.Excerpt(text ?? string.Empty)}'; {Ban.Allowed}.");
        }

        // Not cancelled with the request: it would be done by half.
        var change = await AdminApi.CheckedAsync(() => audit.RunAsync(
            context,
            isBanned ? "ban" : "unban",
            ban.ToString(),
            () => isBanned ? admin.BanAsync(ban, CancellationToken.None) : admin.UnbanAsync(ban, CancellationToken.None),
            result => (result.Changed, isBanned) switch
            {
                (true, true) => "banned",
                (true, false) => "unbanned",
                (false, true) => "was banned already",
                _ => "was not banned",
            } + AdminApi.Without(result.Missing)));
        return isBanned || change.Changed
            ? TypedResults.Ok(new BanResult(ban.ToString(), change.Changed, change.Missing))
            : ApiProblem.Create(StatusCodes.Status404NotFound, $"'{ban}' is not banned.");
    }

    /// <summary>The bans.</summary>
    /// <param name="Bans">Those in force, the oldest first.</param>
    /// <param name="Missing">The edges that do not follow all of them yet.</param>
    private sealed record BansResult(IReadOnlyList<BanEntryResult> Bans, IReadOnlyList<string> Missing);

    /// <summary>A ban.</summary>
    /// <param name="Ban">An id, or a range of addresses.</param>
    /// <param name="Since">When it was made.</param>
    private sealed record BanEntryResult(string Ban, DateTimeOffset Since);

    /// <summary>A change of the bans.</summary>
    /// <param name="Ban">The ban as it is listed.</param>
    /// <param name="Changed">Whether something had to be changed.</param>
    /// <param name="Missing">The edges that do not follow it yet. They will when they reach the cluster again.</param>
    private sealed record BanResult(string Ban, bool Changed, IReadOnlyList<string> Missing);
}
