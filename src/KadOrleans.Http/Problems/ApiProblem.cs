using System.Text.Json;
using KadOrleans.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KadOrleans.Http.Problems;

/// <summary>Ends a request with a problem: a mistake of the caller.</summary>
/// <param name="status">The status code.</param>
/// <param name="sentence">What is wrong, and what is allowed.</param>
internal sealed class ApiProblemException(int status, string sentence) : Exception(sentence)
{
    /// <summary>The status code.</summary>
    public int Status => status;

    /// <summary>A mistake in the request: 400.</summary>
    public static ApiProblemException Wrong(string sentence) => new(StatusCodes.Status400BadRequest, sentence);

    /// <summary>What the path names does not exist: 404.</summary>
    public static ApiProblemException Missing(string sentence) => new(StatusCodes.Status404NotFound, sentence);
}

/// <summary>Responses for errors: problem details (RFC 9457), with one sentence in <c>detail</c>.</summary>
internal static class ApiProblem
{
    /// <summary>Creates a response.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="sentence">What is wrong, and what is allowed. Text of strangers in it is made visible.</param>
    /// <param name="extensions">More members, if any.</param>
    public static ProblemHttpResult Create(int status, string sentence, IDictionary<string, object?>? extensions = null) =>
        TypedResults.Problem(detail: VisibleText.Show(sentence), statusCode: status, extensions: extensions);
}

/// <summary>Turns what a handler throws into problem details.</summary>
internal sealed class ProblemFilter(ApiLog log) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (ApiProblemException e)
        {
            return ApiProblem.Create(e.Status, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            return ApiProblem.Create(e.StatusCode, e.Message);
        }
        catch (JsonException e)
        {
            return ApiProblem.Create(StatusCodes.Status400BadRequest, $"The body is not the JSON that is needed: {e.Message}");
        }
        catch (DhtUnavailableException e)
        {
            return ApiProblem.Create(StatusCodes.Status503ServiceUnavailable, e.Message);
        }
        catch (Exception e)
        {
            log.Failed(context.HttpContext.Request, e);
            return ApiProblem.Create(StatusCodes.Status500InternalServerError, "The request failed for a reason that is in the server's log.");
        }
    }
}
