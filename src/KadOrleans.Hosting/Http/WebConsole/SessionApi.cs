using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Hosting;

internal static class SessionApi
{
    private const string Path = "/session";
    private const string Missing = """The token is missing; {"token":…} is needed.""";

    // A token has 68 characters.
    private const int MaxBodyBytes = 1_024;

    public static void Map(RouteGroupBuilder console)
    {
        var session = console.MapGroup(string.Empty);
        session.AddEndpointFilter(((IEndpointRouteBuilder)console).ServiceProvider.GetRequiredService<ProblemFilter>());
        session.MapPost(Path, BeginAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        session.MapGet(Path, Describe).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
        session.MapDelete(Path, End)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View))
            .AddEndpointFilter(new SessionProof());
    }

    private static async Task<SessionDescription> BeginAsync(HttpContext context, ApiTokens tokens, BrowserSessions sessions)
    {
        // A form of another site has another type, so it cannot log a browser in.
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || type.MediaType != ValueBody.Json)
        {
            throw new ApiProblemException(StatusCodes.Status415UnsupportedMediaType, $"The content type is '{VisibleText.Excerpt(context.Request.ContentType ?? string.Empty)}'; {ValueBody.Json} is needed.");
        }

        var json = await Body.ReadJsonAsync(context, Missing);
        if (!tokens.TryFind(json.Text("token")?.Trim() ?? throw ApiProblemException.Wrong(Missing), out var token))
        {
            throw new ApiProblemException(StatusCodes.Status401Unauthorized, "The token is not one of this server's.");
        }

        if (!token.Scopes.Contains(ApiScope.View))
        {
            throw new ApiProblemException(
                StatusCodes.Status403Forbidden,
                $"The token '{token.Name}' lacks the scope '{ApiScope.View}'; it has {string.Join(", ", token.Scopes)}.");
        }

        sessions.End(SessionCookie.Read(context.Request));
        var (cookie, session) = sessions.Begin(token);
        SessionCookie.Write(context, cookie);
        return Show(context, session);
    }

    private static SessionDescription Describe(HttpContext context) => TokenAuthentication.SessionOf(context) is { } session
        ? Show(context, session)
        : throw ApiProblemException.Wrong("A request with a token has no session.");

    private static NoContent End(HttpContext context, BrowserSessions sessions)
    {
        sessions.End(SessionCookie.Read(context.Request));
        SessionCookie.Remove(context);
        return TypedResults.NoContent();
    }

    private static SessionDescription Show(HttpContext context, BrowserSession session)
    {
        context.Response.Headers.CacheControl = "no-store";
        return new SessionDescription(session.Token.Name, session.Token.Scopes, session.Proof, session.EndsAt);
    }

    /// <summary>A session, as its pages know it. They send the proof in the header of changes.</summary>
    private sealed record SessionDescription(string Name, IReadOnlyList<string> Scopes, string Proof, DateTimeOffset EndsAt);
}
