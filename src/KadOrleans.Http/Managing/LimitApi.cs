using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Limits;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>Limits that are changed while the DHT runs, at <c>/v1/admin/limits</c>.</summary>
internal static class LimitApi
{
    private const string Path = "/limits";

    private const string OnePath = Path + "/{name}";

    /// <summary>Adds the endpoints to those who view and to those who manage.</summary>
    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, ListAsync)
            .WithSummary("Lists the limits that can be changed while the node or the cluster runs, and the edges that do not follow all of them yet.")
            .Produces<LimitsResult>();
        manage.MapPut(OnePath, SetAsync)
            .WithSummary("Changes a limit. It holds in place of the setting until it is set back, after restarts too.")
            .WithDescription("value: a whole number within the bounds of the list. A quota below what is held refuses further keys and removes none.")
            .Produces<LimitResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
        manage.MapDelete(OnePath, (string name, HttpContext context, IDhtAdmin admin, AuditLog audit) => ChangeAsync(name, null, context, admin, audit))
            .WithSummary("Sets a limit back to the setting.")
            .Produces<LimitResult>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<LimitsResult>> ListAsync(HttpContext context, IDhtAdmin admin)
    {
        var list = await admin.GetLimitsAsync(context.RequestAborted);
        return TypedResults.Ok(new LimitsResult(
            [
                .. list.Limits.Select(limit => new LimitRow(
                    limit.Limit.Name, limit.Limit.Unit, limit.Setting, limit.Value, limit.Since, limit.Limit.Least, limit.Most)),
            ],
            list.Missing));
    }

    private static Task<IResult> SetAsync(string name, string? value, HttpContext context, IDhtAdmin admin, AuditLog audit) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? ChangeAsync(name, number, context, admin, audit)
            : throw ApiProblemException.Wrong($"value is '{VisibleText.Excerpt(value ?? string.Empty)}'; a whole number is needed.");

    private static async Task<IResult> ChangeAsync(string name, long? value, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        if (Limit.Find(name) is not { } limit)
        {
            return ApiProblem.Create(StatusCodes.Status404NotFound, Limit.Unknown(name));
        }

        // Not cancelled with the request: it would be done by half.
        var change = await AdminApi.CheckedAsync(() => audit.RunAsync(
            context,
            "limit",
            limit.Name,
            () => admin.SetLimitAsync(limit.Name, value, CancellationToken.None),
            result => (value is { } set ? string.Create(CultureInfo.InvariantCulture, $"set to {set}") : "set back to the setting")
                + (result.Changed ? string.Empty : ", as it was") + AdminApi.Without(result.Missing)));
        return TypedResults.Ok(new LimitResult(limit.Name, value, change.Changed, change.Missing));
    }

    /// <summary>The limits.</summary>
    /// <param name="Limits">All of them.</param>
    /// <param name="Missing">The edges, and the addresses of the silos, that do not follow all of them yet.</param>
    private sealed record LimitsResult(IReadOnlyList<LimitRow> Limits, IReadOnlyList<string> Missing);

    /// <summary>A limit.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Unit">What it counts.</param>
    /// <param name="Setting">The value of the setting; null if each edge has its own.</param>
    /// <param name="Value">The value in force; null if it is each edge's own setting.</param>
    /// <param name="Since">When it was changed; null if the setting is in force.</param>
    /// <param name="Least">The least that is allowed. Of bytes per second 0 is allowed too: no bound.</param>
    /// <param name="Most">The most that is allowed.</param>
    private sealed record LimitRow(string Name, string Unit, long? Setting, long? Value, DateTimeOffset? Since, long Least, long Most);

    /// <summary>A change of a limit.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Value">What it was set to; null if it was set back.</param>
    /// <param name="Changed">Whether something had to be changed.</param>
    /// <param name="Missing">The edges, and the addresses of the silos, that do not follow it yet. Silos ask for it each 15 s, edges each 10 s.</param>
    private sealed record LimitResult(string Name, long? Value, bool Changed, IReadOnlyList<string> Missing);
}
