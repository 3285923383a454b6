using System.Text.Json.Serialization;
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
        session.MapDelete(Path, End).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
    }

    private static async Task<SessionDescription> BeginAsync(
        HttpContext context, ApiTokens tokens, BrowserSessions sessions, ConsoleSubject subject)
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

        var (cookie, proof, session) = sessions.Begin(token, SessionCookie.Read(context.Request));
        SessionCookie.Write(context, cookie);
        return SessionDescription.Of(token, session, subject, proof);
    }

    private static SessionDescription Describe(HttpContext context, ConsoleSubject subject) => TokenAuthentication.SessionOf(context) is { } session
        ? SessionDescription.Of(TokenAuthentication.TokenOf(context), session, subject)
        : throw ApiProblemException.Wrong("A request with a token has no session.");

    private static NoContent End(HttpContext context, BrowserSessions sessions)
    {
        sessions.End(SessionCookie.Read(context.Request));
        SessionCookie.Remove(context);
        return TypedResults.NoContent();
    }

    /// <summary>A session, as its pages know it. The login alone tells the proof, which each later request has in a header.</summary>
    private sealed record SessionDescription(
        string Name,
        IReadOnlyList<string> Scopes,
        DateTimeOffset EndsAt,
        ConsoleSubject Subject,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Proof)
    {
        public static SessionDescription Of(ApiToken token, BrowserSession session, ConsoleSubject subject, string? proof = null) =>
            new(token.Name, token.Scopes, session.EndsAt, subject, proof);
    }
}
