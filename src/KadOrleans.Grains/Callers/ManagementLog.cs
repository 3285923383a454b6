namespace KadOrleans.Grains;

/// <summary>
/// Records in the audit log what is changed by a silo's proof past <see cref="IDhtAdmin"/>, whose callers note it in an operator's name.
/// </summary>
internal sealed class ManagementLog(IGrainFactory grains, ClusterTime time, ILogger<ManagementLog> logger)
{
    // A change by IDhtAdmin has it. Only silos can have set it: of all others' calls the context is dropped.
    private const string Mark = "kad.noted";

    /// <summary>Marks the changes that the present caller asks for as noted.</summary>
    public static void MarkAsRecorded() => RequestContext.Set(Mark, true);

    /// <summary>Makes a call that is a part of the present one, which is noted already.</summary>
    public static async ValueTask<T> PassOnAsync<T>(Func<ValueTask<T>> call)
    {
        // Within this asynchronous method, so the caller's own context stays as it is.
        MarkAsRecorded();
        return await call();
    }

    /// <summary>Whether the present call has the mark, which is taken out.</summary>
    public static bool TakeMark()
    {
        var isMarked = RequestContext.Get(Mark) is true;
        CallContext.Remove(Mark);
        return isMarked;
    }

    /// <summary>Carries a call out, and returns when it is in the audit log. It is noted if it fails, too.</summary>
    public async Task InvokeAsync(IIncomingGrainCallContext context, SiloAddress silo)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception e)
        {
            await RecordAsync(context, silo, e);
            throw;
        }

        await RecordAsync(context, silo, failure: null);
    }

    // A change that was made, or not, stays what it is if the log cannot be written, as of one over HTTP.
    private async Task RecordAsync(IIncomingGrainCallContext context, SiloAddress silo, Exception? failure)
    {
        var action = $"{context.InterfaceMethod.DeclaringType!.Name}.{context.MethodName}";
        try
        {
            await grains.GetGrain<IAuditGrain>(GrainKeys.Singleton).AppendAsync(new AuditRecord(
                0,
                time.GetUtcNow(),
                $"silo {silo}",
                action,
                VisibleText.Excerpt(context.TargetId.ToString()),
                failure is null,
                failure is null ? "done by a silo's own call" : VisibleText.Excerpt(failure.Message)));
        }
        catch (Exception e)
        {
            logger.ChangeNotRecorded(action, silo, e.Message);
        }
    }
}
