using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Hosting;

/// <summary>Refuses a change that a browser's session makes without its proof: another site may have forged it.</summary>
internal sealed class SessionProof : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsProved(context.HttpContext)
            ? next(context)
            : ValueTask.FromResult<object?>(ApiProblem.Create(
                StatusCodes.Status403Forbidden,
                $"The header {SessionCookie.ProofHeader} is missing or is not this session's; load the console again."));

    private static bool IsProved(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method)
        || HttpMethods.IsHead(context.Request.Method)
        || TokenAuthentication.SessionOf(context) is not { } session
        || CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(session.Proof), Encoding.UTF8.GetBytes(context.Request.Headers[SessionCookie.ProofHeader].ToString()));
}
