namespace KadOrleans.Grains;

// A reminder of a grain. It is set and removed in the background. If that fails, the next Set retries. The first tick comes after
// a random part of the period, so that not all grains work at once.
internal sealed class GrainReminder(Grain grain, string name, TimeSpan period, IRandomSource random, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LeastFirst = TimeSpan.FromMinutes(1);

    /// <summary>Timers may fire a little before their time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);

    /// <summary>Clocks of silos may differ by so much.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(2);

    // Null: unknown.
    private bool? _isSet;
    private bool _isWanted;
    private DateTime? _lastTick;

    // When it was set, found or ticked last.
    private long? _seen;
    private long? _lastNew;
    private Task _run = Task.CompletedTask;

    public void Set(bool isWanted)
    {
        _isWanted = isWanted;

        // A reminder that was neither set nor seen here is taken for absent, without a call. If it exists, its tick shows that.
        _isSet ??= _isWanted ? null : false;
        if (_isSet == true && _seen is { } seen && time.GetElapsedTime(seen) > 2 * period)
        {
            // Two ticks are missing, so the reminder is looked at again.
            _isSet = null;
        }

        if (_isSet != _isWanted && _run.IsCompleted)
        {
            _run = ApplyAsync();
        }
    }

    /// <summary>Records a tick, which shows that the reminder exists.</summary>
    public void Ticked(TickStatus status)
    {
        _isSet = true;
        _seen = time.GetTimestamp();

        // Clients may call ReceiveReminder too, with any arguments.
        if (status.Period > TimeSpan.Zero)
        {
            GrainMetrics.Ticked(name, LatenessOf(status, _lastTick));
            _lastTick = status.CurrentTickTime;
        }
    }

    /// <summary>Whether a tick is new. A repeated tick is not, and neither is one within half a period of the last.</summary>
    public bool IsNew()
    {
        var isNew = _lastNew is not { } last || time.GetElapsedTime(last) >= period / 2;
        _lastNew = isNew ? time.GetTimestamp() : _lastNew;
        return isNew;
    }

    /// <summary>
    /// Whether a reminder is set, and ticks within a period from now and at least once in each. One that was set while a clock was ahead would not
    /// tick until that time, so it counts as not set.
    /// </summary>
    public static async Task<bool> TicksAsync(IGrainBase grain, string name, TimeSpan period, DateTimeOffset now) =>
        await grain.GrainContext.ActivationServices.GetRequiredService<IReminderTable>().ReadRow(grain.GrainContext.GrainId, name) is { } row
        && row.Period <= period
        && row.StartAt <= now.UtcDateTime + period + ClockTolerance;

    // A random part of the period, at least a minute: reminders that were set together do not tick together.
    public static TimeSpan DrawFirst(IRandomSource random, TimeSpan period) =>
        LeastFirst + ((period - LeastFirst) * NodeId.Random(random).ToFraction());

    // How late a tick of a periodic reminder is. If the tick before is known, it is the time since the first one due after that,
    // even if several were missed. Else only the elapsed part of a period is known.
    public static TimeSpan LatenessOf(TickStatus status, DateTime? lastTick)
    {
        // Measured from the first tick.
        var now = status.CurrentTickTime - status.FirstTickTime;
        var after = (lastTick is { } last ? last - status.FirstTickTime : now - status.Period) + Early;
        var due = after < TimeSpan.Zero ? TimeSpan.Zero : status.Period * ((after.Ticks / status.Period.Ticks) + 1);
        return due < now ? now - due : TimeSpan.Zero;
    }

    private async Task ApplyAsync()
    {
        try
        {
            while (_isSet != _isWanted)
            {
                // What follows shows it as of now: the call may take long, and the clock be moved.
                var (wanted, at) = (_isWanted, time.GetTimestamp());
                if (!wanted && await grain.GetReminder(name) is { } existing)
                {
                    await grain.UnregisterReminder(existing);
                }
                else if (wanted && !await TicksAsync(grain, name, period, time.GetUtcNow()))
                {
                    await grain.RegisterOrUpdateReminder(name, DrawFirst(random, period), period);
                }

                (_isSet, _seen) = (wanted, at);
            }
        }
        catch (Exception e)
        {
            logger.ReminderNotSet(name, grain.GetGrainId(), e);
        }
    }
}
