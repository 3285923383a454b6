namespace KadOrleans.Grains;

/// <summary>
/// Notes in the audit log what is changed by a silo's proof past <see cref="IDhtAdmin"/>, whose callers note it in an operator's name.
/// </summary>
internal sealed class ManagementLog(IGrainFactory grains, ClusterTime time)
{
    // A change by IDhtAdmin has it. Only silos can have set it: of all others' calls the context is dropped.
    private const string Mark = "kad.noted";

    /// <summary>Marks the changes that the present caller asks for as noted.</summary>
    public static void MarkAsNoted() => RequestContext.Set(Mark, true);

    /// <summary>Whether the present call has the mark, which is taken out.</summary>
    public static bool TakeMark()
    {
        var isMarked = RequestContext.Get(Mark) is true;
        CallContext.Take(Mark);
        return isMarked;
    }

    /// <summary>Carries a call out, and returns when it is in the audit log. It is noted if it fails, too.</summary>
    public async Task InvokeAsync(IIncomingGrainCallContext context, SiloAddress silo)
    {
        var failure = "the call failed";
        try
        {
            await context.Invoke();
            failure = null;
        }
        catch (Exception e)
        {
            failure = VisibleText.Excerpt(e.Message);
            throw;
        }
        finally
        {
            await grains.GetGrain<IAuditGrain>(GrainKeys.Singleton).AppendAsync(new AuditRecord(
                0,
                time.GetUtcNow(),
                $"silo {silo}",
                $"{context.InterfaceMethod.DeclaringType!.Name}.{context.MethodName}",
                VisibleText.Excerpt(context.TargetId.ToString()),
                failure is null,
                failure ?? "done by a silo's own call"));
        }
    }
}
