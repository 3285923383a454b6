using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;

namespace KadOrleans.Server;

// What a sign-in in a browser ends in: the page with a code for a session, or one sentence.
internal sealed class BrowserEvents(UserMapping users, KadOidcOptions options) : OpenIdConnectEvents
{
    public override async Task TicketReceived(TicketReceivedContext context)
    {
        context.HandleResponse();
        var time = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>();
        if (context.Principal is null || !users.TryMap(context.Principal, time.GetUtcNow() + BrowserSignIn.CodeLife, out var user))
        {
            await BrowserSignIn.RefuseAsync(
                context.HttpContext, StatusCodes.Status403Forbidden, "The identity provider does not say who you are: its token has no claim 'sub'.");
        }
        else if (!user.Scopes.Contains(ApiScope.View))
        {
            await BrowserSignIn.RefuseAsync(context.HttpContext, StatusCodes.Status403Forbidden, ApiScope.LackOf(user, ApiScope.View));
        }
        else
        {
            context.HttpContext.RequestServices.GetRequiredService<BrowserSignIn>().Complete(context.HttpContext, user);
        }
    }

    public override Task RemoteFailure(RemoteFailureContext context)
    {
        context.HandleResponse();
        return context.Failure is HttpRequestException or TaskCanceledException
            ? BrowserSignIn.RefuseAsync(
                context.HttpContext,
                StatusCodes.Status503ServiceUnavailable,
                $"The identity provider {options.Authority} does not respond; try again, or use a token of this server.")
            : BrowserSignIn.RefuseAsync(
                context.HttpContext,
                StatusCodes.Status400BadRequest,
                $"The sign-in failed: {KadSettings.Quote(context.Failure?.Message ?? "no reason is known")}. Begin it again at {ConsoleHosting.Root}/.");
    }
}
