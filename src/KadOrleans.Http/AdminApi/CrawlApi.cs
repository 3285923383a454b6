using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http.Features;

namespace KadOrleans.Http;

internal static class CrawlApi
{
    /// <summary>The event of a crawl's progress: its data is a <see cref="CrawlResult"/>. The last one has another phase than running.</summary>
    public const string Progress = "progress";

    private const string Lines = "application/jsonl";
    private const string Csv = "text/csv";
    private const string Picture = "image/svg+xml";

    public static void Map(IEndpointRouteBuilder view, IEndpointRouteBuilder manage)
    {
        view.MapGet("/crawls", ListAsync)
            .WithSummary($"Lists the crawl that runs and the last {CrawlReport.MaxKept} that ended, newest first.");
        view.MapGet("/crawls/{id}", GetAsync)
            .WithSummary("Describes a crawl: its progress, or what it found and what changed since the one before.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        view.MapGet("/crawls/{id}/nodes", ReadAsync)
            .WithSummary("Lists what a crawl found, a row for each address, or draws it.")
            .WithDescription("format: jsonl (without it), csv or svg. prefix: hexadecimal digits of the ids, for jsonl and csv.")
            .Produces<string>(StatusCodes.Status200OK, Lines, Csv, Picture)
            .ProducesProblem(StatusCodes.Status404NotFound);
        view.MapGet("/crawls/{id}/events", WatchAsync)
            .WithSummary("Sends the progress of a crawl as server-sent events, until it ends.")
            .WithDescription($"Events are {Progress}, and {WatchApi.Heartbeat} after 15 s without another.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .ProducesProblem(StatusCodes.Status404NotFound);
        view.MapGet("/crawls/{id}/map", MapAsync)
            .WithSummary("Counts what a crawl found in 256 pieces of the ids that begin with a prefix, and lists the nodes there if they are few.")
            .WithDescription($"prefix: 0 to {CrawlMap.LongestPrefix} hexadecimal digits. Up to {CrawlMap.MostNodes} nodes are listed.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        manage.MapPost("/crawls", StartAsync)
            .WithSummary("Starts to visit every node of the network. If a crawl runs, the response is 200 and its progress.")
            .WithDescription(
                $"rate: datagrams per second of all edges together, 1 to {CrawlOptions.HighestRate}. nodes: the most addresses to remember, 1 to "
                + $"{CrawlOptions.HighestMaxNodes}. The body may be left out.")
            .WithBody<CrawlBody>(Body.MaxFieldBytes, ValueBody.Json)
            .Produces<CrawlResult>()
            .Produces<CrawlResult>(StatusCodes.Status201Created);
        manage.MapDelete("/crawls/{id}", StopAsync)
            .WithSummary("Stops a crawl that runs. What it found is kept.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<CrawlsResult> ListAsync(IDhtAdmin admin, CancellationToken cancellationToken) =>
        new([.. (await admin.GetCrawlsAsync(cancellationToken)).Select(CrawlResult.Of)]);

    private static async Task<CrawlResult> GetAsync(string id, HttpContext context, IDhtAdmin admin) =>
        CrawlResult.Of(await FindAsync(id, context, admin));

    private static async Task<IResult> StartAsync(HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var request = new CrawlRequest();
        if (context.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
        {
            var json = await Body.ReadJsonAsync(
                context, """The body is no object; {"rate":…,"nodes":…}, or no body, is needed.""", "rate", "nodes");
            request = new CrawlRequest(json.Number<int>("rate"), json.Number<int>("nodes"));
        }

        var running = (await admin.GetCrawlsAsync(context.RequestAborted)).FirstOrDefault(crawl => crawl.Phase == CrawlPhase.Running);
        var report = await audit.RunAsync(
            context,
            "crawl",
            running?.Id ?? "new",
            () => admin.StartCrawlAsync(request, CancellationToken.None),
            started => string.Create(CultureInfo.InvariantCulture, $"{started.Id}, {started.Rate} datagrams per second"));
        return report.Id == running?.Id
            ? TypedResults.Ok(CrawlResult.Of(report))
            : TypedResults.Created($"{DhtApi.Root}/admin/crawls/{report.Id}", CrawlResult.Of(report));
    }

    private static async Task<CrawlResult> StopAsync(string id, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var report = await FindAsync(id, context, admin);
        var stopped = await audit.RunAsync(
            context,
            "stop crawl",
            report.Id,
            () => admin.StopCrawlAsync(report.Id, CancellationToken.None),
            result => result ? "stopped" : "had ended");
        return stopped
            ? CrawlResult.Of(await FindAsync(id, context, admin))
            : throw new ApiProblemException(ProblemType.Conflict, $"The crawl {report.Id} does not run.");
    }

    private static async Task<IResult> ReadAsync(string id, string? format, string? prefix, HttpContext context, IDhtAdmin admin)
    {
        var region = await AdminApi.CheckedAsync(() => Task.FromResult(AdminArguments.CheckPage(prefix ?? string.Empty, count: 1)));
        var report = await FindAsync(id, context, admin);
        var records = admin.ReadCrawlAsync(report.Id, context.RequestAborted);
        return format switch
        {
            null or "jsonl" => Stream(context, Lines, records.Where(IsIn), csv: false),
            "csv" => Stream(context, Csv, records.Where(IsIn), csv: true),
            "svg" => await DrawAsync(report, records),
            _ => throw ApiProblemException.Wrong($"format is '{VisibleText.Excerpt(format)}'; jsonl, csv or svg is allowed."),
        };

        bool IsIn(CrawlRecord record) => string.IsNullOrEmpty(prefix) || record.IsIn(region.Range);
    }

    private static PushStreamHttpResult Stream(HttpContext context, string type, IAsyncEnumerable<CrawlRecord> records, bool csv) => TypedResults.Stream(
        body => context.IsHead() ? Task.CompletedTask : CrawlRows.WriteAsync(body, records, csv, context.RequestAborted), type);

    private static async Task<IResult> DrawAsync(CrawlReport report, IAsyncEnumerable<CrawlRecord> records)
    {
        var all = await records.ToListAsync();
        using var picture = new StringWriter(CultureInfo.InvariantCulture);
        new KeySpacePicture(all, CrawlSummary.Of(all), report.StartedAt).Write(picture);
        return TypedResults.Text(picture.ToString(), Picture);
    }

    private static async Task<CrawlMapResult> MapAsync(string id, string? prefix, HttpContext context, IDhtAdmin admin)
    {
        var digits = prefix ?? string.Empty;
        if (digits.Length > CrawlMap.LongestPrefix || !digits.All(char.IsAsciiHexDigit))
        {
            throw ApiProblemException.Wrong(
                $"The prefix is '{VisibleText.Excerpt(digits)}'; 0 to {CrawlMap.LongestPrefix} hexadecimal digits are allowed.");
        }

        var report = await FindAsync(id, context, admin);
        var map = new CrawlMap(digits);
        await foreach (var record in admin.ReadCrawlAsync(report.Id, context.RequestAborted))
        {
            map.Add(record);
        }

        return new CrawlMapResult(
            report.Id,
            digits.ToLowerInvariant(),
            [.. map.Reachable.Zip(map.Unreachable, (reachable, unreachable) => new CrawlPiece(reachable, unreachable))],
            map.Nodes is { } nodes ? [.. nodes.Select(CrawlRows.ToJson)] : null);
    }

    private static async Task<IResult> WatchAsync(
        string id, HttpContext context, IDhtAdmin admin, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        var report = await FindAsync(id, context, admin);
        var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var reports = admin.CrawlAsync(report.Id, ending.Token).GetAsyncEnumerator(ending.Token);
        return EventStreams.Send(context, Heartbeats.AddAsync(
            reports, reports.MoveNextAsync().AsTask(), one => new SseItem<object>(CrawlResult.Of(one), Progress), ending, time));
    }

    private static async Task<CrawlReport> FindAsync(string id, HttpContext context, IDhtAdmin admin) =>
        (await admin.GetCrawlsAsync(context.RequestAborted)).FirstOrDefault(crawl => crawl.Id == id)
        ?? throw ApiProblemException.Missing(AdminArguments.UnknownCrawl(id).Message);

    /// <summary>A request, for the document.</summary>
    private sealed record CrawlBody(int? Rate, int? Nodes);

    /// <summary>Crawls, newest first.</summary>
    private sealed record CrawlsResult(IReadOnlyList<CrawlResult> Crawls);

    /// <summary>A crawl's map.</summary>
    /// <param name="Id">The crawl.</param>
    /// <param name="Prefix">The first digits of the ids.</param>
    /// <param name="Cells">256 counts, by the next two digits.</param>
    /// <param name="Nodes">Rows as of the crawl's nodes, by ascending id; null if there are too many.</param>
    private sealed record CrawlMapResult(string Id, string Prefix, IReadOnlyList<CrawlPiece> Cells, IReadOnlyList<JsonObject>? Nodes);

    private sealed record CrawlPiece(int Reachable, int Unreachable);
}
