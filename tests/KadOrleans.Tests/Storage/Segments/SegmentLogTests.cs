using FsCheck;
using FsCheck.Fluent;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class SegmentLogTests
{
    private static readonly StorageOptions Small =
        new(StoreQuota.Unlimited) { MaxPublications = 0, CacheBytes = 2_000, SegmentBytes = 1024, SlackBytes = 4096 };

    private enum Step
    {
        Put,
        PutAlone,
        Fail,
        RemoveShortLived,
        RemoveAll,
        Reopen,
        Crash,
    }

    [Theory]
    [InlineData(8)]
    [InlineData(80, Traits = ["Tier", "Long"])]
    public void The_log_always_equals_a_dictionary_and_stays_within_its_bounds(int runs)
    {
        var step = Gen.Frequency(
            (8, Gen.Constant(Step.Put)),
            (12, Gen.Constant(Step.PutAlone)),
            (2, Gen.Constant(Step.Fail)),
            (3, Gen.Constant(Step.RemoveShortLived)),
            (1, Gen.Constant(Step.RemoveAll)),
            (2, Gen.Constant(Step.Reopen)),
            (2, Gen.Constant(Step.Crash)));
        var steps = step.Zip(Gen.Choose(0, int.MaxValue)).ListOf(150);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(runs),
            Prop.ForAll(steps.ToArbitrary(), async list => await RunAsync(list)));
    }

    [Theory]
    [InlineData(7, 0.5)]
    [InlineData(40, 1.0)]
    [InlineData(40, 0.1)]
    [InlineData(40, 0.01)]
    [InlineData(1, 1.0, Traits = ["Tier", "Long"])]
    [InlineData(1, 0.1, Traits = ["Tier", "Long"])]
    public async Task Each_byte_is_written_at_most_four_times_however_the_keys_are_chosen(int batch, double hot)
    {
        const int Keys = 400;
        var random = new Random(1);
        await using var model = new LogModel(Small);
        model.Open();
        for (var first = 0; first < Keys; first += batch)
        {
            await model.PutAsync(Enumerable.Range(first, Math.Min(batch, Keys - first)), 64);
        }

        for (var i = 0; i < 2_000 / batch + 100; i++)
        {
            await model.PutAsync(Enumerable.Range(0, batch).Select(_ => random.Next((int)(Keys * hot))).Distinct(), 64);
        }

        Assert.InRange(model.Written, model.Asked, 4 * model.Asked);
        await model.ReopenAsync();
    }

    private static async Task RunAsync(IEnumerable<(Step Step, int Seed)> steps)
    {
        await using var model = new LogModel(Small);
        model.Open();
        foreach (var (step, seed) in steps)
        {
            var random = new Random(seed);
            var batch = Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(60)).ToList();
            var length = random.Next(4, random.Next(5, 400));
            await (step switch
            {
                Step.Put => model.PutAsync(batch, length),
                Step.PutAlone => model.PutAsync(batch.Take(1), length),
                Step.Fail => model.FailAsync(batch, length),
                Step.RemoveShortLived => model.RemoveExpiredAsync(TimeSpan.FromMinutes(1)),
                Step.RemoveAll => model.RemoveExpiredAsync(TimeSpan.FromDays(1)),
                Step.Reopen => model.ReopenAsync(),
                _ => model.CrashAsync(),
            });
        }
    }
}
