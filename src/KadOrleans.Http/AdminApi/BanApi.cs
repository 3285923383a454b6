namespace KadOrleans.Http;

/// <summary>Bans of ids and address ranges, at <c>/v1/admin/bans</c>.</summary>
internal static class BanApi
{
    private const string Path = "/bans";

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, ListAsync)
            .WithSummary("Lists the banned ids and address ranges, and the edges that do not follow all of them yet.")
            .WithDescription("ban: this one alone, if it is in force. One that is none is refused: so a ban can be checked before it is made.");
        manage.MapPut(Path, BanAsync)
            .WithSummary("Bans an id or an address range: its contacts leave the tables, its requests get no response, and it is not asked.")
            .WithDescription($"ban: {Ban.Allowed}.")
            .WithBody<BanBody>(Body.MaxFieldBytes, ValueBody.Json);
        manage.MapDelete(Path, UnbanAsync)
            .WithSummary("Ends a ban. It must be the same as in the list.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<BanList> ListAsync(string? ban, IDhtAdmin admin, CancellationToken cancellationToken)
    {
        var only = ban is null ? default(Ban?) : Parse(ban);
        var list = await admin.GetBansAsync(cancellationToken);
        return only is { } one ? list with { Bans = [.. list.Bans.Where(entry => entry.Ban == one)] } : list;
    }

    private static async Task<BanResult> BanAsync(HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var json = await Body.ReadJsonAsync(context, """The ban is missing; {"ban":…} is needed.""", "ban");
        return await ChangeAsync("ban", Parse(json.Text("ban")), admin.BanAsync, "was banned already", context, audit);
    }

    private static async Task<BanResult> UnbanAsync(string? ban, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var result = await ChangeAsync("unban", Parse(ban), admin.UnbanAsync, "was not banned", context, audit);
        return result.Changed ? result : throw ApiProblemException.Missing($"'{result.Ban}' is not banned.");
    }

    private static async Task<BanResult> ChangeAsync(
        string action, Ban ban, Func<Ban, CancellationToken, Task<BanChange>> change, string unchanged, HttpContext context, AuditLog audit)
    {
        var changed = await audit.RunAsync(
            context,
            action,
            ban.ToString(),
            () => change(ban, CancellationToken.None),
            result => (result.Changed ? $"{action}ned" : unchanged) + AdminApi.Without(result.Missing));
        return new BanResult(ban, changed.Changed, changed.Missing);
    }

    private static Ban Parse(string? text) => Ban.TryParse(text, out var ban)
        ? ban
        : throw ApiProblemException.Wrong($"ban is '{VisibleText.Excerpt(text ?? string.Empty)}'; {Ban.Allowed}.");

    /// <summary>A request, for the document.</summary>
    private sealed record BanBody(string Ban);

    /// <summary>A change of the bans, and the edges that do not follow it yet. They will when they reach the cluster again.</summary>
    private sealed record BanResult(Ban Ban, bool Changed, IReadOnlyList<string> Missing);
}
