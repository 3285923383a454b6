using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Tests.Handlers;

public sealed class AnswerBatchTests
{
    [Fact]
    public void What_joins_is_sent_once_at_the_end()
    {
        var (first, second) = (new Answers(), new Answers());
        AnswerBatch.Run(() =>
        {
            foreach (var answers in new[] { first, second, first, first, second })
            {
                Assert.True(AnswerBatch.TryJoin(answers));
            }

            Assert.Equal((0, 0), (first.Sent, second.Sent));
        });

        Assert.Equal((1, 1), (first.Sent, second.Sent));
    }

    [Fact]
    public void Nothing_joins_where_no_batch_is_open()
    {
        AnswerBatch.Run(() => { });

        Assert.False(AnswerBatch.TryJoin(new Answers()));
    }

    [Fact]
    public void A_batch_within_another_ends_with_it()
    {
        var answers = new Answers();
        AnswerBatch.Run(() =>
        {
            AnswerBatch.Run(() => AnswerBatch.TryJoin(answers));
            Assert.Equal(0, answers.Sent);
        });

        Assert.Equal(1, answers.Sent);
    }

    [Fact]
    public void What_joined_is_sent_though_a_completion_throws()
    {
        var answers = new Answers();

        Assert.Throws<InvalidOperationException>(() => AnswerBatch.Run(() =>
        {
            AnswerBatch.TryJoin(answers);
            throw new InvalidOperationException("A completion fails on purpose.");
        }));

        Assert.Equal(1, answers.Sent);
        Assert.False(AnswerBatch.TryJoin(answers));
    }

    private sealed class Answers : IWaitingAnswers
    {
        public int Sent { get; private set; }

        public void Send() => Sent++;
    }
}
