using Microsoft.AspNetCore.Routing.Template;

namespace KadOrleans.Http;

/// <summary>
/// Responds to requests below the API's root that no endpoint takes: 405 with Allow where the path is known, else 404; and to OPTIONS.
/// </summary>
internal sealed class UnknownRequests(IEndpointRouteBuilder endpoints)
{
    private const string Management = $"{DhtApi.Root}/admin/";

    // Made by the first such request: by then all endpoints are mapped.
    private readonly Lazy<(TemplateMatcher Path, IReadOnlyList<string> Methods)[]> _known = new(() =>
    [
        .. endpoints.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(endpoint => (
            new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), new RouteValueDictionary(endpoint.RoutePattern.Defaults)),
            endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])),
    ]);

    public IResult Respond(HttpContext context)
    {
        var methods = FindMethods(context.Request.Path);
        var method = context.IsHead() ? HttpMethods.Head : context.Request.Method;
        var asked = $"{VisibleText.Excerpt(method)} {VisibleText.Excerpt(context.Request.Path)}";
        if (methods.Count == 0)
        {
            var isManagement = context.Request.Path.StartsWithSegments(Management.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)
                && context.RequestServices.GetService<IDhtAdmin>() is null;
            return isManagement
                ? ApiProblem.Create(ProblemType.NoManagement, $"There is no {asked}, as this is an edge, which has no management; ask a silo.")
                : ApiProblem.Create(ProblemType.NoSuchPath, $"There is no {asked}; {DhtApi.Document} lists the endpoints.");
        }

        var allowed = string.Join(", ", methods);
        context.Response.Headers.Allow = allowed;
        return HttpMethods.IsOptions(method)
            ? TypedResults.NoContent()
            : ApiProblem.Create(ProblemType.WrongMethod, $"There is no {asked}; that path has {allowed}.");
    }

    // HEAD is wherever GET is, and OPTIONS everywhere.
    private IReadOnlyList<string> FindMethods(PathString path)
    {
        var found = _known.Value.Where(known => known.Path.TryMatch(path, [])).SelectMany(known => known.Methods).ToHashSet();
        string[] head = found.Contains(HttpMethods.Get) ? [HttpMethods.Head] : [];
        return found.Count == 0 ? [] : [.. found.Concat(head).Append(HttpMethods.Options).Order()];
    }
}
